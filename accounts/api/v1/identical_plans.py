"""Plans that are the same: read once, approved for many accounts, in no rollout."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from accounts.api.authentication import APPROVES, ApiRequest
from accounts.api.idempotency import changes
from accounts.api.paging import LARGEST
from accounts.api.problems import Code, Problem
from accounts.api.requests import Request
from accounts.api.v1.rollouts.deciding import Fingerprint, Granted
from accounts.api.v1.runs import Plan, plan_in_full
from accounts.api.v1.texts import TEST, AccessTest, Comment
from accounts.decisions.many import MOST_REASONS
from accounts.models import Run
from accounts.runs.deciding.same_changes import (
    MOST_AT_ONCE,
    approve_same,
    granted_in,
    identical_plans,
    refuse_crowd,
    same_of,
)

router = Router()

NO_PLAN = (
    "No plan waits with these changes. They were approved, discarded or outdated by "
    "an edit."
)
NO_RUN = "There is no run {}."


class SameListed(Schema):
    fingerprint: str
    plans: int
    changes: int = Field(description="In each of them")


class SameRun(Schema):
    number: int
    account: str
    environment: str
    selected: bool = Field(
        description="Whether its account fits, and the role of the token’s person is "
        "for it: as the page selects it"
    )


class IdenticalPlans(Schema):
    total: int
    room: int | None = Field(
        description="How many more accounts the policies of these plans take; null: any"
    )
    runs: list[SameRun] = Field(
        description=f"Those whose plans wait, by account; the first {MOST_AT_ONCE}"
    )
    plan: Plan = Field(description="Of the first: the others have the same changes")
    granted: list[Granted] = Field(
        description="READ and WRITE of each account, which can differ in these plans"
    )


class SameApproval(Request):
    runs: list[Annotated[int, Field(ge=1, le=LARGEST)]] = Field(
        min_length=1,
        max_length=MOST_AT_ONCE,
        description="The numbers of the runs that you read. One whose plan has other "
        "changes since is left",
    )
    comment: Comment = Field("", description="An optional comment for the activity log")
    test: AccessTest = TEST


class SameApproved(Schema):
    approved: int
    left: int = Field(description="How many of the runs aren’t approved")
    refused: list[str] = Field(
        description=f"Why; of the first {MOST_REASONS} that are left, by account"
    )


@router.get("", response=list[SameListed], summary="List identical plans")
def list_identical_plans(request: HttpRequest) -> Any:
    """List the groups of waiting plans with the same changes, the largest first."""
    return [one._asdict() for one in identical_plans()]


@router.get(
    "/{fingerprint}",
    response=IdenticalPlans,
    summary="Read identical plans",
)
def read_identical_plans(
    request: ApiRequest, fingerprint: Fingerprint
) -> dict[str, Any]:
    """Read word for word what an approval of these plans is about."""
    found = Run.objects.same_anywhere(fingerprint).order_by("account_name", "pk")
    one = found.select_related("account").first()
    if one is None:
        raise Problem(Code.NOT_FOUND, NO_PLAN)
    same = same_of(one, request.user)
    return {
        "total": same.total,
        "room": same.room,
        "runs": [
            {
                "number": row.number,
                "account": row.account_name,
                "environment": row.account.environment if row.account else "",
                "selected": row.pk in same.ticked,
            }
            for row in same.waiting
        ],
        "plan": plan_in_full(one),
        "granted": granted_in(same.rows),
    }


@changes(
    router,
    "/{fingerprint}/approve",
    "Approve identical plans",
    {200: SameApproved},
    auth=APPROVES,
)
def approve_identical_plans(
    request: ApiRequest, fingerprint: Fingerprint, body: SameApproval
) -> Any:
    """Approve those of these runs whose plans still wait with the changes that you
    read, and let workers carry each out.
    """
    chosen = keys_of(body.runs)
    if refusal := refuse_crowd(fingerprint, chosen):
        raise Problem(Code.NO_ROOM, refusal)
    many = approve_same(
        fingerprint, chosen, request.user, comment=body.comment, test=body.test
    )
    if not many.done:
        raise Problem(Code.NOT_APPROVED, f"Not approved: {' '.join(many.reasons)}")
    return {
        "approved": len(many.done),
        "left": len(many.left),
        "refused": many.reasons,
    }


def keys_of(numbers: list[int]) -> set[str]:
    """Find runs by their numbers; raise Problem for a number of none."""
    found = dict(Run.objects.filter(number__in=numbers).values_list("number", "pk"))
    if unknown := [number for number in numbers if number not in found]:
        raise Problem(
            Code.UNKNOWN_NAME, NO_RUN.format(", ".join(map(str, unknown[:5])))
        )
    return {str(pk) for pk in found.values()}
