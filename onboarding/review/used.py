"""What a role has used, and would no longer be allowed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

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
