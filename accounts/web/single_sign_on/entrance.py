"""The way in: what is kept until the provider sends somebody back, and what then."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.web.sign_in import enter, page_after
from accounts.web.single_sign_on.people import Refused, Said, person_of
from accounts.web.single_sign_on.provider import SingleSignOn, sign_on_provider
from accounts.web.you.confirmation import confirm, unconfirm

KEPT = "single_sign_on"
"""What belongs to one sign-in in one browser, in its session."""
NOT_HERE = "This sign-in didn't start in this browser. Start again."
BACKEND = "bowline.sign_in.SignedOn"


def single_sign_on() -> SingleSignOn:
    """Return the provider; without one, no such page exists."""
    provider = sign_on_provider()
    if provider is None:
        raise Http404
    return provider


def begin_sign_in(request: HttpRequest) -> dict[str, str]:
    """Keep what is needed afterwards; return what the provider is asked in addition."""
    back = page_after(request.GET.get("next", ""))
    confirms = "confirm" in request.GET and request.user.is_authenticated
    nonce = secrets.token_urlsafe(24)
    request.session[KEPT] = {"nonce": nonce, "back": back, "confirms": confirms}
    fresh = {"prompt": "login", "max_age": "0"} if confirms else {}
    return {"nonce": nonce, **fresh}


def let_in(request: HttpRequest, claims: Mapping[str, Any]) -> HttpResponse:
    """Sign in whom the claims are about, or confirm who it is; raise Refused."""
    provider = single_sign_on()
    kept = request.session.pop(KEPT, None)
    if kept is None or claims.get("nonce") != kept["nonce"]:
        raise Refused(NOT_HERE)
    said = Said.of(claims, claim=provider.claim)
    try:
        person = person_of(said, provider, request.session)
    except IntegrityError:
        raise Refused("You signed in twice at the same time. Start again.") from None
    if kept["confirms"] and person != request.user:
        raise Refused(f"{provider.name} returned a different user.")
    if kept["confirms"] and not said.is_fresh:
        raise Refused(
            "The provider didn't ask you to sign in again, or its clock differs from "
            "Bowline's. You can change roles and settings only after you sign in "
            "again."
        )
    if not kept["confirms"]:
        enter(request, person, backend=BACKEND, by=KEPT)
    if said.is_fresh:
        confirm(request)
    else:
        unconfirm(request)
    return redirect(kept["back"])


def not_completed(provider: SingleSignOn) -> str:
    """Say that the provider's answer proves nothing; what is wrong is in the log."""
    return (
        f"{provider.name[:1].upper()}{provider.name[1:]} didn't complete the sign-in. "
        "Try again. If this happens again, ask a Bowline administrator to check the "
        "log for the reason."
    )


def refuse(request: HttpRequest, sentence: str, *, status: int) -> HttpResponse:
    """Say why nobody was signed in."""
    shown = {"reason": sentence}
    return render(request, "single_sign_on/refused.html", shown, status=status)
