"""Who tried to decide what is not theirs to decide: in the activity log, too.

What was refused is rolled back, so its entry is written after that; of many subjects
together, once. A page that only shows what somebody may is no try.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.db import transaction
from django.utils import timezone

from accounts.models import Activity
from accounts.models.account import storable
from accounts.people.activity import (
    COMMAND_LINE,
    LONGEST,
    SAID_OF_ALL,
    record,
    wait_for_turn,
)
from accounts.wording import first_of

if TYPE_CHECKING:
    from accounts.people.authors import By

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
