"""Between the browser's two requests about a passkey: the challenge, in the session."""

from __future__ import annotations

import time
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest

from accounts.factors import passkeys
from accounts.factors.passkeys import NotVerified, Site, State
from accounts.models import Passkey

KEPT = "passkey_challenge"
SECONDS = 5 * 60
"""In which the browser answers: a person fetches a key, and types a PIN."""


class Kept(NamedTuple):
    purpose: str
    person: int | None
    """Who may answer; None: whoever has a passkey."""
    at: int
    site: Site
    state: State


def site_of(request: HttpRequest) -> Site:
    """Return the site as this browser knows it: SITE_URL, or the host of the request,
    which Django has checked against ALLOWED_HOSTS.
    """
    own = f"{request.scheme}://{request.get_host()}"
    known = [normalized_origin(origin) for origin in (settings.SITE_URL, own) if origin]
    said = request.headers.get("Origin", "")
    origin = said if said in known else known[0]
    return Site(name=urlsplit(origin).hostname or "", origin=origin)


def normalized_origin(origin: str) -> str:
    """Write it as browsers do: in lower case, without the usual port."""
    parts = urlsplit(origin)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname}{port}"


def ask_for_new(request: HttpRequest, person: User) -> dict[str, Any]:
    site = site_of(request)
    asked, state = passkeys.ask_for_new(site, person)
    keep_challenge(request, Kept("new", person.pk, int(time.time()), site, state))
    return asked


def ask_for_one(request: HttpRequest, person: User | None) -> dict[str, Any]:
    site = site_of(request)
    asked, state = passkeys.ask_for_one(site, person)
    keep_challenge(request, Kept("use", pk_of(person), int(time.time()), site, state))
    return asked


def new_passkey(request: HttpRequest, person: User) -> Passkey:
    """Read the answer in the form; raise NotVerified."""
    kept = taken(request, "new", person)
    return passkeys.new_passkey(kept.site, person, kept.state, answer_in(request))


def used_passkey(request: HttpRequest, person: User | None) -> Passkey:
    """Read the answer in the form; raise NotVerified."""
    kept = taken(request, "use", person)
    return passkeys.used_passkey(kept.site, person, kept.state, answer_in(request))


def answer_in(request: HttpRequest) -> str:
    return request.POST.get("passkey", "")


def pk_of(person: User | None) -> int | None:
    return person.pk if person else None


def keep_challenge(request: HttpRequest, kept: Kept) -> None:
    request.session[KEPT] = list(kept)


def taken(request: HttpRequest, purpose: str, person: User | None) -> Kept:
    """Take the challenge out of the session: it is answered once, or never."""
    said = request.session.pop(KEPT, None)
    if said is None:
        raise NotVerified("Nothing was asked.")
    kept = Kept(*said)
    if (kept.purpose, kept.person) != (purpose, pk_of(person)):
        raise NotVerified("Something else was asked.")
    if time.time() - kept.at > SECONDS:
        raise NotVerified("It was asked too long ago.")
    return kept._replace(site=Site(*kept.site))
