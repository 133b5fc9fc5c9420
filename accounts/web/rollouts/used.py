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
    users: Among
    """What uses roles that services can no longer assume."""
    detaches: bool
    """Whether any of the plans takes policies from roles."""


def used_in(numbers: Collection[int]) -> Used | None:
    """Gather what these runs keep of it; None: their plans take nothing away."""
    rows = Run.objects.filter(number__in=numbers).exclude(evidence=[])
    kept = [
        [Evidence.model_validate(one) for one in evidence]
        for evidence in rows.values_list("evidence", flat=True)
    ]
    found = [[one for one in roles if one.loses_policies] for roles in kept]
    users = Among.of([{name for one in roles for name in one.users} for roles in kept])
    if not (any(found) or any(one.loses_services for roles in kept for one in roles)):
        return None
    unread = [[why for one in roles for why in unread_of(one)] for roles in kept]
    why = next((some[0] for some in unread if some), "")
    return Used(
        actions=Among.of(
            [{use.action for one in roles for use in one.missing} for roles in found]
        ),
        unpassed=Among.of(
            [{name for one in roles for name in one.unpassed} for roles in found]
        ),
        unread=sum(map(bool, unread)),
        why=why,
        users=users,
        detaches=any(found),
    )


def unread_of(one: Evidence) -> list[str]:
    """Say why not all is known of a role."""
    return [*filter(None, [one.unread]), *one.unread_users]
