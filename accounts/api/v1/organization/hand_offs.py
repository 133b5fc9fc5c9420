"""What the organization's administrator receives, for the roles of many accounts."""

from __future__ import annotations

from typing import Any

from ninja import Schema
from ninja.responses import Status

from accounts.api.authentication import OPERATES, ApiRequest
from accounts.api.codes import Code
from accounts.api.idempotency import changes
from accounts.api.problems import Problem
from accounts.api.v1.accounts.hand_offs import HandOffFile
from accounts.api.v1.organization.members import router
from accounts.models import Activity
from accounts.people.activity import record
from accounts.people.role_limits.refusing import refuse_limited
from accounts.people.roles import OPERATOR
from accounts.runs.owners.organization import (
    SHARED,
    look_at_all,
    sets_of_accounts,
    stack_sets,
)
from onboarding.handoff.organization import package

NONE = "No account of the organization is handed off."
NO_ONE_WAITS = "No account waits for the organization."


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
    refuse_limited(request.user, OPERATOR, SHARED)
    sets = sets_of_accounts()
    if not sets:
        raise Problem(Code.NOT_HANDED_OFF, NONE)
    detail = {"stack_sets": {one.name: one.one.digest for one in sets}}
    record(request.user, Activity.What.DOWNLOAD, "the organization", detail)
    return {"stack_sets": stack_sets(), "files": package(sets)}


@changes(
    router, "/hand-off/look", "Check whether the organization is done", {202: Waiting}
)
def check_for_organization(request: ApiRequest) -> Any:
    """Check at once all accounts that wait for the organization."""
    waiting = look_at_all(request.user)
    if not waiting:
        raise Problem(Code.NO_ONE_WAITS, NO_ONE_WAITS)
    return Status(202, {"waiting": waiting})
