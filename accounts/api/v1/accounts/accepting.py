"""Accounts that were evaluated, not verified: which wait, and accept many at once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from ninja import Field, Router, Schema

from accounts.api.authentication import APPROVES, ApiRequest
from accounts.api.idempotency import changes
from accounts.api.problems import Code, Problem
from accounts.api.requests import Request
from accounts.decisions.many import MOST_REASONS, each
from accounts.models import ManagedAccount
from accounts.runs.actions import accept
from accounts.runs.deciding.starting import MOST_AT_ONCE, waiting_for
from onboarding import names

router = Router()

NO_ACCOUNT = "There is no account {}."


class EvaluatedAccount(Schema):
    name: str = Field(alias="account.name")
    account_id: str = Field(alias="account.account_id")
    environment: str = Field(alias="account.environment")
    evaluated_at: datetime | None = Field(alias="account.verified_at")
    refused: str = Field(
        description="Why the token’s person can’t accept it, or empty if they can"
    )


class EvaluatedAcceptance(Request):
    accounts: list[
        Annotated[str, Field(max_length=60, pattern=f"^{names.ACCOUNT_NAME.pattern}$")]
    ] = Field(
        min_length=1,
        max_length=MOST_AT_ONCE,
        description="The names of the accounts that you read",
    )


class AcceptedAccounts(Schema):
    accepted: list[str] = Field(description="By name")
    left: int = Field(description="How many of the accounts aren’t accepted")
    refused: list[str] = Field(
        description=f"Why; of the first {MOST_REASONS} that are left"
    )


@router.get("", response=list[EvaluatedAccount], summary="List evaluated accounts")
def list_evaluated_accounts(request: ApiRequest) -> Any:
    """List the accounts that wait until an approver accepts them, by name: the first
    200. Bowline only read their policies, because it can’t assume Spinnaker’s identity.
    """
    return waiting_for(request.user)


@changes(
    router,
    "/accept",
    "Accept evaluated accounts",
    {200: AcceptedAccounts},
    auth=APPROVES,
)
def accept_evaluated_accounts(request: ApiRequest, body: EvaluatedAcceptance) -> Any:
    """Accept each of these accounts that was evaluated, not verified: bundles hold it
    then. Each is decided separately, and one that is left keeps no other back.
    """
    wanted = sorted({*body.accounts})
    rows = list(ManagedAccount.objects.filter(name__in=wanted).order_by("name"))
    if unknown := sorted({*wanted} - {one.name for one in rows}):
        raise Problem(Code.UNKNOWN_NAME, NO_ACCOUNT.format(", ".join(unknown[:5])))
    many = each(accept, rows, request.user)
    return {
        "accepted": [one.name for one in many.done],
        "left": len(many.left),
        "refused": many.reasons,
    }
