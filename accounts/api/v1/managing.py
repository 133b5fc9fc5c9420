"""The managing account: read, described as an accounts file does, and planned."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema
from ninja.responses import Status

from accounts.api.authentication import OPERATES, ApiRequest
from accounts.api.idempotency import changes
from accounts.api.openapi import ManagingState, RoleMaker
from accounts.api.operations import operation
from accounts.api.problems import Code, Problem
from accounts.api.requests import Exact, Request
from accounts.api.v1.accounts.access import HandOff, taken
from accounts.api.v1.accounts.describing import as_file
from accounts.api.v1.runs import RunInFull, read_decided
from accounts.api.v1.texts import NO_NUL
from accounts.mapping.accounts_file import register
from accounts.mapping.managing import managing_of, managing_row
from accounts.models import ManagingAccount
from accounts.runs import actions
from accounts.runs.capacity import capacity_of
from accounts.runs.deciding.approving import open_managing_run
from accounts.runs.managing.kept_roles import take_role_off
from accounts.runs.managing.other_sites import adopt_list
from onboarding.accounts_file import read_accounts_file
from onboarding.accounts_file.writing import managing_written

router = Router()

NOT_YET = "There is no managing account yet. Describe it with PUT."


class ManagingSettings(Exact):
    """The managing account as an accounts file describes it."""

    name: str
    account_id: str
    partition: str = "aws"
    access_role: str = ""
    made_by: RoleMaker = "bowline"
    identity: dict[str, Any] = Field(
        {}, description="instance_role, pod_role or existing"
    )
    managed_role: str = ""
    base_role: str = ""
    assume: str | dict[str, str] = "listed"
    trust_organization: str = ""
    boundary: str = ""
    bakes: bool = False
    ami_owner: str = ""
    image_keys: list[str] = []
    trusts_bowline: bool = True


class KeptRole(Schema):
    """A role that Spinnaker may assume though its account isn't in this Bowline."""

    arn: str
    account: str = Field(
        description='What Bowline called the account; "" if it was never in this one'
    )
    account_id: str
    names: list[str] = Field(description="What Spinnaker may call it")
    who: str = Field(
        description="Who took the account out of Bowline, or adopted the list"
    )
    when: datetime


class OtherSiteFound(Schema):
    """What another Bowline’s database did in the managing account."""

    site: str = Field(
        description='The UUID of the other database; "" if only roles were found'
    )
    revision: int = Field(description="How many times it had changed the account")
    roles: list[str] = Field(
        description="Roles on the list that this database didn’t put there"
    )


class KeptRoleChosen(Request):
    arn: str = Field(max_length=620, pattern=NO_NUL)

    def given(self) -> dict[str, str]:
        return {"arn": self.arn.strip()}


class ManagingInFull(Schema):
    state: ManagingState
    verified_at: datetime | None
    open_run: int | None = Field(description="The number of its run in progress")
    assumed: int = Field(description="How many accounts Spinnaker is to assume")
    most: int | None = Field(
        description="How many fit; null: any number, by the organization"
    )
    kept_roles: list[KeptRole] = Field(
        description="Roles that stay on the list though their accounts aren’t in this "
        "Bowline"
    )
    other_site: OtherSiteFound | None = Field(
        description="What stops plans until someone adopts the list; null: nothing"
    )
    settings: dict[str, Any] = Field(description="What PUT would take")


@router.get("", response=ManagingInFull, summary="Read the managing account")
def read_managing_account(request: HttpRequest) -> dict[str, Any]:
    """Read its description and its state; 404 before it is described."""
    row = ManagingAccount.objects.first()
    if row is None:
        raise Problem(Code.NO_MANAGING_ACCOUNT, NOT_YET)
    return in_full(row)


def read_decided_managing(request: HttpRequest, _: Any) -> dict[str, Any]:
    """Answer with the managing account that a decision was about."""
    return read_managing_account(request)


@router.get(
    "/hand-off",
    auth=OPERATES,
    response=HandOff,
    summary="Read what the managing account’s owner receives",
)
def read_managing_hand_off(request: ApiRequest) -> dict[str, Any]:
    """Read the files with which the owner creates Spinnaker’s identity. The activity
    log says who did.
    """
    return taken(request, managing_row())


@changes(
    router,
    "",
    "Describe the managing account",
    {200: ManagingInFull, 201: ManagingInFull},
    method="PUT",
    guards=True,
)
def put_managing_account(request: ApiRequest, body: ManagingSettings) -> Any:
    """Describe it, or describe it again. The same twice changes nothing.

    What is left out is at its default. AWS is unchanged until a plan is approved.
    """
    existed = ManagingAccount.objects.exists()
    register(
        read_accounts_file(as_file({"managing": body.model_dump(exclude_unset=True)})),
        request.user,
    )
    return Status(200 if existed else 201, in_full(managing_row()))


operation(
    router,
    "/plan",
    actions.plan_managing,
    "plan_managing_account",
    "Plan the managing account",
    {202: RunInFull},
    says="""Start a run that plans the managing account alone. Where nothing is to
    change, the same run verifies it.
    """,
    answer=read_decided,
)
operation(
    router,
    "/kept-roles/take-off",
    take_role_off,
    "take_kept_role_off",
    "Take a kept role off the list",
    {200: ManagingInFull},
    says="""Take a role off the list of those that Spinnaker may assume although their
    accounts left Bowline. AWS is unchanged until a plan is approved.
    """,
    body=KeptRoleChosen,
    answer=read_decided_managing,
)
operation(
    router,
    "/list/adopt",
    adopt_list,
    "adopt_list_of_roles",
    "Adopt the list of roles",
    {200: ManagingInFull},
    says="""Let this database manage the managing account although another one changed
    it. All roles on the list stay, as kept roles. Use it only if the other database is
    gone: it can't plan anything after this one has changed the account.
    """,
    answer=read_decided_managing,
)


def in_full(row: ManagingAccount) -> dict[str, Any]:
    run, room = open_managing_run(), capacity_of(row)
    return {
        "state": row.state,
        "verified_at": row.verified_at,
        "open_run": run.number if run else None,
        "assumed": room.wanted,
        "most": room.most,
        "kept_roles": row.kept,
        "other_site": row.other_site or None,
        "settings": managing_written(
            managing_of(row), trusts_bowline=row.trusts_bowline
        ),
    }
