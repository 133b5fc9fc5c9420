"""Where somebody is signed in: read from the sessions that are stored."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.web.you.browsers import browser_of
from accounts.web.you.confirmation import confirm
from accounts.web.you.preferences import keep, preferences_of
from accounts.web.you.session_store import SINCE, SessionStore

AT_ONCE = 500
"""Sessions that one query deletes."""
ADDRESS, BROWSER = "signed_in_from", "signed_in_with"


class SignedIn(NamedTuple):
    """One session of a person; its key, which is as good as a password, stays here."""

    id: str
    since: datetime | None
    address: str
    browser: str
    is_this: bool


def begin(request: HttpRequest, user: User, **_: object) -> None:
    """Keep in a new session when, from where and with what it began, that the password
    was given just now, and what the person prefers.
    """
    confirm(request)
    keep(request.session, preferences_of(user))
    request.session[SINCE] = timezone.now().isoformat()
    request.session[ADDRESS] = request.META.get("REMOTE_ADDR", "")
    request.session[BROWSER] = browser_of(request.headers)
    if isinstance(request.session, SessionStore):
        request.session.begin()


def sessions_of(person: User, current: SessionBase | None) -> list[SignedIn]:
    """List where a person is signed in, the newest first."""
    found = [
        SignedIn(
            id=id_of(session.session_key),
            since=parse_datetime(str(said.get(SINCE, ""))),
            address=str(said.get(ADDRESS, "")),
            browser=str(said.get(BROWSER, "")),
            is_this=current is not None and session.session_key == current.session_key,
        )
        for session, said in stored(person)
    ]
    return sorted(found, key=lambda one: str(one.since or ""), reverse=True)


def end(person: User, *, but: SessionBase | None, only: str = "") -> int:
    """Sign a person out everywhere but here, or of the one session of that id."""
    return end_of([person.pk], but=but, only=only)


def end_of(people: Collection[int], *, but: SessionBase | None, only: str = "") -> int:
    """Sign these people out everywhere, except here; return how many sessions ended."""
    wanted = {str(person) for person in people}
    here = but.session_key if but is not None else None
    keys = [
        session.session_key
        for session, said in every()
        if said.get(SESSION_KEY) in wanted
        and session.session_key != here
        and only in ("", id_of(session.session_key))
    ]
    slices = (keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE))
    return sum(
        Session.objects.filter(session_key__in=slice).delete()[0] for slice in slices
    )


def stored(person: User) -> list[tuple[Session, dict[str, object]]]:
    """Read the sessions of a person; a session says whose it is only inside."""
    return [one for one in every() if one[1].get(SESSION_KEY) == str(person.pk)]


def every() -> Iterator[tuple[Session, dict[str, object]]]:
    valid = Session.objects.filter(expire_date__gt=timezone.now())
    return ((session, session.get_decoded()) for session in valid.iterator())


def sessions_by_person() -> dict[str, list[str]]:
    """Give for each person's key what their sessions know of the password."""
    found: dict[str, list[str]] = defaultdict(list)
    for _, said in every():
        found[str(said.get(SESSION_KEY))].append(str(said.get(HASH_SESSION_KEY)))
    return found


def count_open(person: User, by_person: dict[str, list[str]]) -> int:
    """Count those that still open a page: none that is older than the password."""
    known = by_person.get(str(person.pk))
    if not known or not person.is_active:
        return 0
    return known.count(person.get_session_auth_hash())


def id_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]
