"""The way in: what is kept until the provider sends somebody back, and what then."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.activity import record
from accounts.models import Activity
from accounts.web.sign_in import address
from accounts.web.single_sign_on.people import Refused, Said, person_of
from accounts.web.single_sign_on.provider import SingleSignOn
from accounts.web.you.confirmation import confirm, unconfirm

KEPT = "single_sign_on"
"""What the session keeps meanwhile: the nonce, where to go, and whether to confirm."""
BACKEND = "bowline.backends.SignedOn"
What = Activity.What


def single_sign_on() -> SingleSignOn:
    """Return the provider; without one, no such page exists."""
    provider: SingleSignOn | None = settings.SINGLE_SIGN_ON
    if provider is None:
        raise Http404
    return provider


def begin(request: HttpRequest, *, back: str, confirms: bool) -> dict[str, str]:
    """Keep what is needed afterwards; return what the provider is asked in addition."""
    nonce = secrets.token_urlsafe(24)
    request.session[KEPT] = {"nonce": nonce, "back": back, "confirms": confirms}
    fresh = {"prompt": "login", "max_age": "0"} if confirms else {}
    return {"nonce": nonce, **fresh}


def let_in(request: HttpRequest, claims: Mapping[str, Any]) -> HttpResponse:
    """Sign in whom the claims are about, or confirm who it is; raise Refused."""
    kept = request.session.pop(KEPT, {})
    if not kept or claims.get("nonce") != kept["nonce"]:
        raise Refused("This sign-in was not begun in this browser. Begin again.")
    provider = single_sign_on()
    said = Said.of(claims, claim=provider.claim)
    try:
        person = person_of(said, provider, request.session)
    except IntegrityError:
        raise Refused("You signed in twice at the same moment. Begin again.") from None
    if kept["confirms"] and person != request.user:
        raise Refused(f"{provider.name} knows you as somebody else.")
    if kept["confirms"] and not said.is_fresh:
        raise Refused(
            "The provider did not ask who you are, or its clock differs from that of "
            "Bowline. Roles and settings change only after it has asked."
        )
    if not kept["confirms"]:
        sign_in(request, person)
    if said.is_fresh:
        confirm(request)
    else:
        unconfirm(request)
    return redirect(kept["back"])


def sign_in(request: HttpRequest, person: User) -> None:
    with transaction.atomic():
        login(request, person, backend=BACKEND)
        record(person, What.SIGN_IN, "", address(request) | {"by": KEPT})


def refuse(request: HttpRequest, sentence: str, *, status: int) -> HttpResponse:
    """Say why nobody was signed in."""
    shown = {"reason": sentence}
    return render(request, "single_sign_on/refused.html", shown, status=status)
