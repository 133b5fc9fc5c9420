"""Existing roles that a CloudFormation stack or Terraform manages.

Bowline only adds its policies to such a role. Its next update from there would undo
anything else, and maybe these: so people make the change there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from accounts.models import FoundRoles
from accounts.runs.foreign.as_found import existing
from accounts.wording import listed
from onboarding.aws.codes import MANAGED_OUTSIDE
from onboarding.aws.errors import AwsError
from onboarding.aws.roles.managed_by import managed_by

if TYPE_CHECKING:
    from accounts.runs.scope import Comparison, Side
    from onboarding.aws.session import Sessions
    from onboarding.topology import Managed


def keep_managed_by(
    managed: Managed, read: Iterable[tuple[Side, Comparison]], sessions: Sessions
) -> None:
    """Keep what else manages the account's existing roles; raise AwsError where it
    would undo what the plan takes over.

    Calls: one for each role and Region.
    """
    regions = dict.fromkeys([sessions.partition.home_region, *managed.regions_of_all])
    for side, one in read:
        if not (side.adopts and side.reach.writes) or side.take_over.undoes:
            continue
        found = managed_outside(side, one, sessions, regions)
        FoundRoles.objects.keep(side.account, managed_by=found)
        if found and side.take_over:
            raise would_be_undone(side, found)


def managed_outside(
    side: Side, one: Comparison, sessions: Sessions, regions: Iterable[str]
) -> dict[str, str]:
    """Name by role what else manages it. Only a plan that takes over must know it:
    others count as nothing what Bowline isn't allowed to read.
    """
    roles = [before for before, _ in existing(side, one) if not before.owned]
    try:
        found = {
            role.name: managed_by(sessions, side.reach, role, regions) for role in roles
        }
    except AwsError as error:
        if side.take_over or not error.unread:
            raise
        return {}
    return {role: by for role, by in found.items() if by}


def would_be_undone(side: Side, found: dict[str, str]) -> AwsError:
    said = listed([f"{role} is managed by {by}" for role, by in found.items()])
    return AwsError(
        side.reach.account_id,
        "plan",
        f"In {side.account_name}, {said}. The next update from there would undo this "
        "step. Nothing was changed.",
        f"Make the change there: the page of {side.account_name} shows it under "
        "Existing roles. Then plan the account again.",
        code=MANAGED_OUTSIDE,
    )
