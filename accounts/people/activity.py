"""Write the activity log, tries of what is not theirs included, and check that
nobody changed it.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Activity
from accounts.models.account import storable
from accounts.wording import first_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from accounts.people.authors import By

logger = logging.getLogger(__name__)

COMMAND_LINE = "the command line"
"""Used in place of the person if `manage.py` was given none."""

LONGEST = 150
AT_ONCE = 500
"""Entries in one INSERT."""
LOCK = 0x42_6F_77_6C_69_6E_65
"""“Bowline” as a number: any number that nothing else in the database locks."""

SAID_OF_ALL: ContextVar[Mapping[str, str]] = ContextVar("said of all")

LINES_ON = "__stdout__"  # of all threads, unlike a ContextVar
"""Which of the process's own streams has an entry a line."""


@contextmanager
def standard_output_kept() -> Iterator[None]:
    """Write entries on standard error: what a command prints is for who called it."""
    global LINES_ON
    before, LINES_ON = LINES_ON, "__stderr__"
    try:
        yield
    finally:
        LINES_ON = before


@contextmanager
def saying(**detail: str) -> Iterator[None]:
    """Add this to each entry that is written meanwhile, such as by which token."""
    before = SAID_OF_ALL.set(detail)
    try:
        yield
    finally:
        SAID_OF_ALL.reset(before)


class Decision(NamedTuple):
    """What an entry says, apart from who decided it and when."""

    what: Activity.What
    about: str = ""
    detail: Mapping[str, Any] | None = None


def record(
    by: User | str | None,
    what: Activity.What,
    about: str = "",
    detail: Mapping[str, Any] | None = None,
) -> Activity:
    """Add an entry in the transaction of the decision; a text is a name without a
    person, and nobody is the command line.
    """
    (entry,) = record_many(by, [Decision(what, about, detail)])
    return entry


def who_did(what: Activity.What, about: str, **detail: Any) -> str:
    """Name whoever decided this last; empty: nobody did."""
    same = {f"detail__{name}": value for name, value in detail.items()}
    entries = Activity.objects.filter(what=what, about=about, **same)
    last = entries.order_by("-number").first()
    return last.who if last else ""


def record_many(by: User | str | None, decisions: Iterable[Decision]) -> list[Activity]:
    """Add an entry for each decision, in this order, as `record` does."""
    person = None if by is None or isinstance(by, str) else by
    who = person.get_username() if person else str(by or COMMAND_LINE)
    entries: list[Activity] = []
    with transaction.atomic():
        wait_for_turn()
        last = Activity.objects.order_by("-number").first()
        for decision in decisions:
            entry = Activity(
                number=last.number + 1 if last else 1,
                at=timezone.now(),
                person=person,
                who=storable(who, LONGEST),
                what=decision.what,
                about=storable(decision.about, LONGEST),
                detail={**(decision.detail or {}), **SAID_OF_ALL.get({})},
                previous=last.hash if last else "",
            )
            entry.hash = entry.digest()
            entries.append(entry)
            last = entry
        Activity.objects.bulk_create(entries, batch_size=AT_ONCE)
        transaction.on_commit(partial(seal, entries))
    return entries


def wait_for_turn(lock: int = LOCK) -> None:
    """Let one transaction at a time add to the chain, or what else the lock is for.

    SQLite has one writer at a time, from the beginning of its transaction.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])


def seal(entries: Iterable[Activity]) -> None:
    """Log the hashes outside the database, whose owner could rewrite the chain."""
    for entry in entries:
        logger.info("Activity %s: %s. %s", entry.number, entry, entry.hash)
    if settings.ACTIVITY_TO_STDOUT:
        lines = "".join(f"{json.dumps(document(entry))}\n" for entry in entries)
        # Celery puts its log in the place of sys.stdout. One write: no line is torn.
        print(lines, end="", file=getattr(sys, LINES_ON), flush=True)


def document(entry: Activity) -> dict[str, Any]:
    """Describe an entry to what collects those of many systems."""
    return {
        "type": "bowline.activity",
        "number": entry.number,
        "at": entry.at.isoformat(),
        "who": entry.who,
        "what": entry.what,
        "about": entry.about,
        "detail": entry.detail,
        "hash": entry.hash,
    }


def first_broken() -> str:
    """Describe the first entry that breaks the chain; empty if none does."""
    number, previous = 0, ""
    for entry in Activity.objects.order_by("number").iterator():
        if entry.number != number + 1:
            return (
                f"Entry {number + 1} is missing: after {number} comes {entry.number}."
            )
        if entry.digest() != entry.hash:
            return (
                f"Entry {entry.number} was changed after it was written: it now says "
                f"that {entry}, on {entry.at:%-d %B %Y at %H:%M:%S} UTC."
            )
        if entry.previous != previous:
            return (
                f"Entry {entry.number} doesn't follow entry {number}: one of them was "
                "rewritten."
            )
        number, previous = entry.number, entry.hash
    return ""


NAMED = 5
LONGEST_WHY = 500
ONCE_IN = timedelta(hours=1)
MOST = 60
"""Entries of one person in that time: nobody fills the log, whatever they try."""


class Try(NamedTuple):
    by: By
    decision: str
    names: Collection[str]
    why: str
    said: Mapping[str, str]


TRIES: ContextVar[list[Try]] = ContextVar("tries")


@contextmanager
def tries_recorded() -> Iterator[list[Try]]:
    """Record what is refused meanwhile, at the end of the outermost of these."""
    if (outer := TRIES.get(None)) is not None:
        yield outer
        return
    tries: list[Try] = []
    before = TRIES.set(tries)
    try:
        yield tries
    finally:
        TRIES.reset(before)
        record_tries(tries)


def tried(by: By, decision: str, names: Collection[str], why: object) -> None:
    """Note that somebody was refused a decision about these."""
    with tries_recorded() as tries:
        tries.append(Try(by, decision, names, str(why), SAID_OF_ALL.get({})))


def record_tries(tries: Iterable[Try]) -> None:
    together: dict[tuple[str, str], list[Try]] = {}
    for one in tries:
        together.setdefault((str(one.by or COMMAND_LINE), one.decision), []).append(one)
    for (who, decision), same in together.items():
        names = [name for one in same for name in one.names]
        named = f": {first_of(names, NAMED)}" if names else ""
        about = storable(f"{decision}{named}", LONGEST)
        with transaction.atomic():
            wait_for_turn()
            entries = Activity.objects.filter(
                what=Activity.What.REFUSED,
                who=storable(who, LONGEST),
                at__gt=timezone.now() - ONCE_IN,
            )
            recent = entries.values_list("about", flat=True)[:MOST]
            if len(recent) < MOST and about not in recent:
                why = storable(same[0].why, LONGEST_WHY)
                detail = {"why": why, **same[0].said}
                record(same[0].by, Activity.What.REFUSED, about, detail)
