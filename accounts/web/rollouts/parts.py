"""The environments of a group of plans, and in which of them a person may approve."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from accounts.models.runs import RunQuerySet
from accounts.people.role_limits.limits import environments_of
from accounts.people.roles import APPROVER
from accounts.runs.rollouts.decisions import refused_to
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
    refused = refused_to(person, runs)
    inside = environments_of(person, APPROVER)
    elsewhere = "" if inside is None else for_these(APPROVER, inside)
    found: dict[str, list[int]] = {}
    fields = ("number", "account__environment")
    for number, environment in runs.order_by("number").values_list(*fields):
        found.setdefault(environment or "", []).append(number)
    parts = []
    for environment, numbers in sorted(found.items()):
        outside = inside is not None and environment not in inside
        why = {n: elsewhere if outside else refused.get(n, "") for n in numbers}
        mine = [number for number in numbers if not why[number]]
        locked = Counter(filter(None, why.values())).most_common()
        parts.append(Part(environment, mine, locked))
    return parts
