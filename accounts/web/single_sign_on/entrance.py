"""The way in: what is kept until the provider sends somebody back, and what then."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.models import Activity
from accounts.people.activity import record
from accounts.web.sign_in import address, page_after
from accounts.web.single_sign_on.people import Refused, Said, person_of
from accounts.web.single_sign_on.provider import Provider, SingleSignOn
from accounts.web.you.confirmation import confirm, unconfirm

KEPT = "single_sign_on"
NOT_HERE = "This sign-in didn't start in this browser. Start again."
BACKEND = "bowline.backends.SignedOn"
What = Activity.What


class Kept(NamedTuple):
    """What belongs to one sign-in in one browser."""

    by: str
    """The URL that it began with: an answer of another provider is none."""
    nonce: str
    back: str
    confirms: bool


def single_sign_on() -> SingleSignOn:
    """Return the provider; without one, no such page exists."""
    provider: SingleSignOn | None = settings.SINGLE_SIGN_ON
    if provider is None:
        raise Http404
    return provider


def requested_page(request: HttpRequest) -> tuple[str, bool]:
    """Read where to go afterwards, on this site, and whether it is to confirm."""
    back = page_after(request.GET.get("next", ""))
    return back, "confirm" in request.GET and request.user.is_authenticated


def keep_sign_in(request: HttpRequest, kept: Kept) -> None:
    request.session[KEPT] = kept._asdict()


def take(request: HttpRequest, by: str) -> Kept:
    """Return what was kept, once; raise Refused where no such sign-in was begun."""
    kept = request.session.pop(KEPT, {})
    if kept.get("by") != by:
        raise Refused(NOT_HERE)
    return Kept(**kept)


def begin_sign_in(request: HttpRequest) -> dict[str, str]:
    """Keep what is needed afterwards; return what the provider is asked in addition."""
    back, confirms = requested_page(request)
    nonce = secrets.token_urlsafe(24)
    keep_sign_in(request, Kept(single_sign_on().starts, nonce, back, confirms))
    fresh = {"prompt": "login", "max_age": "0"} if confirms else {}
    return {"nonce": nonce, **fresh}


def let_in(request: HttpRequest, claims: Mapping[str, Any]) -> HttpResponse:
    """Sign in whom the claims are about, or confirm who it is; raise Refused."""
    provider = single_sign_on()
    kept = take(request, provider.starts)
    if claims.get("nonce") != kept.nonce:
        raise Refused(NOT_HERE)
    said = Said.of(claims, claim=provider.claim)
    return enter(request, provider, said, kept, is_fresh=said.is_fresh)


def enter(
    request: HttpRequest, provider: Provider, said: Said, kept: Kept, *, is_fresh: bool
) -> HttpResponse:
    """Sign in whom the provider vouches for, or confirm who it is; raise Refused."""
    try:
        person = person_of(said, provider, request.session)
    except IntegrityError:
        raise Refused("You signed in twice at the same time. Start again.") from None
    if kept.confirms and person != request.user:
        raise Refused(f"{provider.name} returned a different user.")
    if kept.confirms and not is_fresh:
        raise Refused(
            "The provider didn't ask you to sign in again, or its clock differs from "
            "Bowline's. You can change roles and settings only after you sign in "
            "again."
        )
    if not kept.confirms:
        sign_in(request, person)
    if is_fresh:
        confirm(request)
    else:
        unconfirm(request)
    return redirect(kept.back)


def sign_in(request: HttpRequest, person: User) -> None:
    with transaction.atomic():
        login(request, person, backend=BACKEND)
        record(person, What.SIGN_IN, "", address(request) | {"by": KEPT})


def not_completed(provider: Provider) -> str:
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
