"""What the roles of many accounts have used of what the plans of a group detach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

from accounts.models import Run
from accounts.models.checks.evidence import Evidence

MOST_ACTIONS = 20
"""The most actions that are named, those of most accounts first."""


class Used(NamedTuple):
    accounts: int
    """In how many accounts a role could no longer do what it has used."""
    actions: list[tuple[str, int]]
    """Of these, each action with the accounts that have used it."""
    more: int
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
    missing = [
        {use.action for role in roles for use in role.missing} for roles in found
    ]
    counts = Counter(action for actions in missing for action in actions)
    unread = [one.unread for roles in found for one in roles if one.unread]
    return Used(
        accounts=sum(map(bool, missing)),
        actions=counts.most_common(MOST_ACTIONS),
        more=len(counts.keys()) - min(len(counts), MOST_ACTIONS),
        unread=sum(any(one.unread for one in roles) for roles in found),
        why=unread[0] if unread else "",
    )
