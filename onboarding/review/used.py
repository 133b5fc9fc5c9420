"""What a role has used, and would no longer be allowed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from onboarding.resources.policy import Policy
from onboarding.review.effective import effective, service_of


def no_longer_allowed(
    used: Mapping[str, datetime], remaining: Iterable[Policy]
) -> list[tuple[str, datetime]]:
    """List what was used and the remaining policies don't allow, the latest first.

    `service:*` is used where IAM counts a service as a whole: it counts as allowed
    where anything of the service is.
    """
    allowed = {action.lower() for action in effective(remaining)}
    allowed |= {f"{service_of(action)}:*" for action in allowed}
    missing = [one for one in used.items() if one[0].lower() not in allowed]
    return sorted(missing, key=lambda one: (-one[1].timestamp(), one[0]))


def is_evidence(value: Any) -> bool:
    """Return whether it is a list of roles, each with the actions that it has used and
    would no longer be allowed, and when.
    """
    return isinstance(value, list) and all(map(is_of_role, value))


def is_of_role(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() != COLUMNS:
        return False
    texts = [value["role"], value["unread"]]
    missing, more = value["missing"], value["more"]
    pairs = isinstance(missing, list) and all(map(is_pair, missing))
    return pairs and isinstance(more, int) and all(isinstance(x, str) for x in texts)


COLUMNS = {"role", "unread", "missing", "more"}


def is_pair(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)
    ) and is_moment(value[1])


def is_moment(value: Any) -> bool:
    try:
        return bool(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False
