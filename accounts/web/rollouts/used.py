"""What the roles of many accounts have used of what the plans of a group detach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import chain
from typing import NamedTuple

from accounts.models import Run
from accounts.models.checks.evidence import Evidence

MOST_NAMED = 20


class Among(NamedTuple):
    """What is said of some accounts."""

    accounts: int
    """Of how many anything is said."""
    named: list[tuple[str, int]]
    """Each thing with its accounts, those of most accounts first."""
    more: int
    """How many are not named."""

    @classmethod
    def of(cls, said: Collection[set[str]]) -> Among:
        counts = Counter(chain.from_iterable(said))
        named = counts.most_common(MOST_NAMED)
        return cls(sum(map(bool, said)), named, len(counts) - len(named))


class Used(NamedTuple):
    actions: Among
    """What a role has used and could no longer do."""
    unpassed: Among
    """Roles that it could pass and no longer can."""
    unread: int
    """In how many accounts it isn't known; `why` is of one of them."""
    why: str


def used_in(numbers: Collection[int]) -> Used | None:
    """Gather what these runs keep of it; None: their plans detach nothing."""
    rows = Run.objects.filter(number__in=numbers).exclude(evidence=[])
    found = [
        [Evidence.model_validate(one) for one in evidence]
        for evidence in rows.values_list("evidence", flat=True)
    ]
    if not found:
        return None
    unread = [one.unread for roles in found for one in roles if one.unread]
    return Used(
        actions=Among.of(
            [{use.action for one in roles for use in one.missing} for roles in found]
        ),
        unpassed=Among.of(
            [{name for one in roles for name in one.unpassed} for roles in found]
        ),
        unread=sum(any(one.unread for one in roles) for roles in found),
        why=unread[0] if unread else "",
    )
