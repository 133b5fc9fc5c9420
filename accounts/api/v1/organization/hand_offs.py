"""What the organization's administrator receives, for the roles of many accounts."""

from __future__ import annotations

from typing import Any

from ninja import Schema

from accounts.api.authentication import OPERATES, ApiRequest
from accounts.api.operations import operation
from accounts.api.v1.accounts.hand_offs import HandOffFile
from accounts.api.v1.organization.members import router
from accounts.runs.owners.organization import hand_out_sets, look_at_all, stack_sets
from onboarding.handoff.organization import package


class StackSetListed(Schema):
    name: str
    accounts: int
    verified: int
    waiting: int
    troubled: int


class OrganizationHandOff(Schema):
    stack_sets: list[StackSetListed]
    files: list[HandOffFile]


class Waiting(Schema):
    waiting: int


@router.get(
    "/hand-off",
    auth=OPERATES,
    response=OrganizationHandOff,
    summary="Read what the organization’s administrator receives",
)
def read_organization_hand_off(request: ApiRequest) -> dict[str, Any]:
    """Read the files with which StackSets create the roles, and how far they are. The
    activity log says who did.
    """
    files = package(hand_out_sets(request.user))
    return {"stack_sets": stack_sets(), "files": files}


def looked(request: ApiRequest, waiting: int) -> dict[str, int]:
    return {"waiting": waiting}


operation(
    router,
    "/hand-off/look",
    look_at_all,
    "check_for_organization",
    "Check whether the organization is done",
    {202: Waiting},
    says="Check at once all accounts that wait for the organization.",
    answer=looked,
)
