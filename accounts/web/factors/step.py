"""Between the password and the second factor: nobody is signed in yet."""

from __future__ import annotations

import time
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from accounts.people.roles import has_password

KEPT = "second_step"
"""What the session keeps meanwhile: who gave the password, when, and where to go."""
SECONDS = 10 * 60
FACTOR = "second_factor"
"""In the session of whoever proved a second factor: which one it was."""


class Step(NamedTuple):
    person: User
    back: str


def begin_second_step(request: HttpRequest, person: User, *, back: str) -> None:
    """Keep who gave the password, in a session that nobody else knows."""
    request.session.flush()
    request.user = AnonymousUser()
    request.session[KEPT] = {
        "person": person.pk,
        "hash": person.get_session_auth_hash(),
        "at": int(time.time()),
        "back": back,
    }


def waiting(request: HttpRequest) -> Step | None:
    """Return who gave the password; None: nobody, too long ago, or another password."""
    kept = request.session.get(KEPT)
    if not kept or time.time() - kept["at"] > SECONDS:
        return None
    person = User.objects.filter(pk=kept["person"], is_active=True).first()
    if person is None or not has_password(person):
        return None
    if not constant_time_compare(kept["hash"], person.get_session_auth_hash()):
        return None
    return Step(person, kept["back"])
