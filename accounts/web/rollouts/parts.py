"""The environments of a group of plans, and in which of them a person may approve."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from accounts.decisions.many import who_may
from accounts.models.runs import RunQuerySet
from accounts.people.role_limits.limits import environments_of
from accounts.people.roles import APPROVER
from accounts.runs.actions import READ, approve
from accounts.web.role_limits.here import for_these

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class Part(NamedTuple):
    """The plans of one environment."""

    environment: str
    numbers: list[int]
    """Of the runs that this person may approve."""
    locked: list[tuple[str, int]]
    """Why the person may not approve others, and how many, each reason once."""

    @property
    def total(self) -> int:
        return len(self.numbers) + sum(count for _, count in self.locked)


def parts_of(runs: RunQuerySet, person: User) -> list[Part]:
    """Group the runs by environment, before anybody presses a button; as many queries
    for any number of them.
    """
    found_runs = runs.select_related("account").order_by("number")
    rows = list(found_runs.only(*READ, "account__environment"))
    choice = who_may(approve, rows, person)
    inside = environments_of(person, APPROVER)
    here = "" if inside is None else for_these(APPROVER, inside)
    why = {
        run.number: (one.verdict.outside and here) or one.why
        for one in choice.left
        for run in one.subjects
    }
    found: dict[str, list[int]] = {}
    for run in rows:
        where = run.account.environment if run.account else ""
        found.setdefault(where, []).append(run.number)
    parts = []
    for environment, numbers in sorted(found.items()):
        mine = [number for number in numbers if number not in why]
        locked = Counter(why[n] for n in numbers if n in why).most_common()
        parts.append(Part(environment, mine, locked))
    return parts
