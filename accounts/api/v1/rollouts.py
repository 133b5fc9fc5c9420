"""Rollouts: many accounts as one job, started, read, decided on, and reported;
and identical plans, read once and approved together.
"""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Annotated, Any

from django.http import HttpRequest, QueryDict
from django.shortcuts import get_object_or_404
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status

from accounts.api.authentication import APPROVES, ApiRequest
from accounts.api.idempotency import changes
from accounts.api.openapi import RolloutKind, RolloutState, RunStatus
from accounts.api.operations import operation
from accounts.api.paging import LARGEST, Page, PageQuery, page_of
from accounts.api.problems import Code, Problem
from accounts.api.requests import Request
from accounts.api.v1.accounts.describing import AccountFilters, accounts_named
from accounts.api.v1.decisions import TakeOverAsked
from accounts.api.v1.runs import Plan, plan_in_full, read_run_plan
from accounts.api.v1.texts import TEST, AccessTest, Comment, Number, Typed
from accounts.decisions.many import MOST_REASONS, each
from accounts.lists.accounts import MOST_IN_ROLLOUT, matching_accounts
from accounts.lists.declaration import cells_of
from accounts.lists.runs import COLUMNS, reported, rows_of
from accounts.mapping.completeness import refuse_incomplete
from accounts.models import ManagedAccount, Rollout, Run
from accounts.runs.deciding.confirmation import confirm_group
from accounts.runs.deciding.same_changes import (
    MOST_AT_ONCE,
    approve_same,
    granted_in,
    identical_plans,
    refuse_crowd,
    same_of,
)
from accounts.runs.rollouts import census, decisions, start
from accounts.runs.rollouts.groups import groups_of, read_of, waiting
from accounts.wording import counted

router = Router()

ONE_WAY = "Name the accounts, or give a filter that says something."
TOO_MANY = (
    f"More than {MOST_IN_ROLLOUT:,} accounts match, which is the most of one request."
)
CONFIRM_COUNT = "This plans to remove {}. Confirm it with “confirm_count”: {}."
ONLY_ONBOARD = "Only a rollout of kind onboard takes over existing roles."
NONE = "No account can be started. {}"

Count = Annotated[int | None, Field(ge=1, le=100_000)]
Fingerprint = Annotated[str, Path(max_length=32, pattern="^[a-z0-9-]+$")]


class Chosen(Request):
    """Accounts by their names, or by a filter."""

    accounts: list[Annotated[str, Field(max_length=60)]] = Field(
        [], max_length=MOST_IN_ROLLOUT, description="Their names"
    )
    filter: AccountFilters | None = Field(
        None, description="Instead of names: as the list of accounts is searched"
    )


class RolloutStart(Chosen):
    kind: RolloutKind
    confirm_count: Count = Field(
        None,
        description="How many accounts are to be removed. A rollout that removes needs "
        "it: without the right number, nothing starts and the problem has the count",
    )
    take_over: TakeOverAsked | None = None


class Limits(Request):
    """The waves and limits, as on the rollout’s page."""

    first_wave: Count = Field(None, description="Accounts in the first wave")
    second_percent: Count = Field(None, description="Percent in the second wave")
    at_once: Count = Field(None, description="Accounts at once; 50 can become more")
    most_failures: Count = Field(None, description="Pause at this many failures")
    failure_percent: Count = Field(None, description="Pause at this percent of a wave")

    def given(self, rollout: Rollout) -> dict[str, Any]:
        said = self.dict(exclude_none=True)
        for name, value in said.items():
            setattr(rollout, name, value)
        fields = {one.name for one in Rollout._meta.fields}
        rollout.clean_fields(exclude=fields - {*said})
        return {"settings": said}


class GroupApproval(Request):
    runs: list[Annotated[int, Field(ge=1, le=LARGEST)]] = Field(
        min_length=1,
        max_length=MOST_IN_ROLLOUT,
        description="The numbers of the runs that you read: “runs” of the group. What "
        "joined it since is left",
    )
    confirmation: Typed = Field(
        "", description="“delete in 2 accounts”, if the plan has “to_confirm”"
    )
    comment: Comment = ""
    test: AccessTest = TEST

    def given(self, rollout: Rollout, fingerprint: str) -> dict[str, Any]:
        numbers = {*self.runs}
        read = read_of(rollout, fingerprint, numbers)
        if read.to_confirm:
            confirm_group(len(read.policy_sets), self.confirmation)
        return {"read": numbers, "comment": self.comment, "test": self.test}


class RolloutListed(Schema):
    number: int = Field(alias="rollout.number")
    kind: RolloutKind = Field(alias="rollout.kind")
    state: RolloutState = Field(alias="rollout.state")
    accounts: int
    good: int
    failed: int
    open: int
    created_at: datetime = Field(alias="rollout.created_at")
    created_by: str = Field(alias="rollout.created_by_name")
    ended_at: datetime | None = Field(alias="rollout.finished_at")


class Group(Schema):
    """Plans with the same changes: they are read once, and approved together."""

    fingerprint: str
    accounts: int
    waiting: int
    approved: int
    changes: dict[str, int] = Field(description="In each plan, by verb")
    entries: int = Field(description="Changes in Spinnaker, in each plan")


class Cause(Schema):
    accounts: int
    message: str
    fix: str
    runs: list[int] = Field(description="The newest of them")

    @staticmethod
    def resolve_runs(one: census.Cause) -> list[int]:
        return [run.number for run in one.named]


class RolloutInFull(RolloutListed):
    reason: str = Field(
        alias="rollout.reason", description="Why it is paused or stopped"
    )
    statuses: dict[str, int] = Field(description="How many accounts, by status")
    managing_run: int | None = Field(
        description="The run of the managing account that comes first"
    )
    groups: list[Group] = Field(description="The largest, at most 20")
    more_groups: int
    alone: list[int] = Field(description="Runs whose plans are like no other")
    causes: list[Cause]
    limits: Limits = Field(alias="rollout")
    excluded: list[str] = Field(
        alias="rollout.excluded", description="What couldn’t be started, and why"
    )


class Granted(Schema):
    """Who can use some accounts of Spinnaker."""

    read: list[str] = Field(description="The groups that READ names")
    write: list[str] = Field(
        description="The groups that WRITE names; none in both: everyone"
    )
    accounts: list[str] = Field(description="Their names in Spinnaker")


class GroupInFull(Schema):
    runs: list[int] = Field(description="Those whose plans wait")
    plan: Plan = Field(description="Of the first: the others have the same changes")
    granted: list[Granted] = Field(
        description="READ and WRITE of each account, which can differ in these plans"
    )


class Approved(Schema):
    approved: int
    refused: list[str] = Field(description="What another person must approve, and why")
    joined: int = Field(description="How many plans joined the group since")


class Retried(Schema):
    accounts: int


@router.get("", response=Page[RolloutListed], summary="List rollouts")
def list_rollouts(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, Any]:
    """List the rollouts, newest first."""
    return page_of(Rollout.objects.all(), "-number", asked, rows_of)


@changes(router, "", "Start a rollout", {201: RolloutInFull})
def start_rollout(request: ApiRequest, body: RolloutStart) -> Any:
    """Plan, verify, or plan to remove many accounts as one job. What can't be started
    is excluded, and the answer says why.
    """
    chosen = chosen_by(body)
    if body.kind == Rollout.Kind.REMOVE and body.confirm_count != len(chosen):
        said = CONFIRM_COUNT.format(counted(len(chosen)), len(chosen))
        raise Problem(Code.UNCONFIRMED, said, count=len(chosen))
    excluded: list[str] = []
    if body.kind == Rollout.Kind.ONBOARD:
        many = each(lambda one, _: refuse_incomplete(one), chosen, request.user)
        chosen = many.done
        excluded = [f"{one.name}: {why.rstrip('.')}." for one, why in many.left]
    if not chosen:
        raise Problem(Code.CANNOT_START, NONE.format(" ".join(excluded)).strip())
    kind = Rollout.Kind(body.kind)
    choice = body.take_over.choice.as_json() if body.take_over else {}
    if choice and kind != Rollout.Kind.ONBOARD:
        raise Problem(Code.CANNOT_START, ONLY_ONBOARD)
    rollout = start(chosen, kind, request.user, take_over=choice)
    rollout.excluded = [*excluded, *rollout.excluded]
    return Status(201, in_full(rollout))


@router.get("/{number}", response=RolloutInFull, summary="Read a rollout")
def read_rollout(request: HttpRequest, number: Number) -> Any:
    """Read how far a rollout is, what waits for approval, and why accounts failed."""
    return in_full(rollout_numbered(number))


@router.get(
    "/{number}/groups/{fingerprint}",
    response=GroupInFull,
    summary="Read a group of plans",
)
def read_rollout_group(
    request: HttpRequest, number: Number, fingerprint: Fingerprint
) -> dict[str, Any]:
    """Read word for word what an approval of the group is about."""
    runs = list(waiting(rollout_numbered(number), fingerprint))
    if not runs:
        raise Problem(Code.NOT_FOUND, "No plan waits in this group.")
    return {
        "runs": runs,
        "plan": read_run_plan(request, runs[0]),
        "granted": granted_in(Run.objects.filter(number__in=runs)),
    }


def approved(_: ApiRequest, __: Rollout, ___: str, done: decisions.Approved) -> Any:
    if not done.done:
        raise Problem(Code.NOT_APPROVED, " ".join(done.reasons))
    return {
        "approved": len(done.done),
        "refused": done.reasons,
        "joined": done.joined,
    }


def group_named(number: Number, fingerprint: Fingerprint) -> tuple[Rollout, str]:
    return rollout_numbered(number), fingerprint


def decided(_: ApiRequest, rollout: Rollout, __: Rollout) -> Any:
    return in_full(rollout)


def rollout_numbered(number: Number) -> Rollout:
    """Find a rollout; 404 where there is none."""
    return get_object_or_404(Rollout, number=number)


def chosen_by(body: Chosen) -> list[ManagedAccount]:
    return accounts_named(body.accounts) if body.accounts else filtered(body.filter)


def filtered(filters: AccountFilters | None) -> list[ManagedAccount]:
    """Find accounts as their list does; raise Problem for none, and for too many."""
    given = filters.model_dump(exclude_none=True) if filters else {}
    said = {key: value for key, value in given.items() if value.strip()}
    if not said:
        raise Problem(Code.NONE_CHOSEN, ONE_WAY)
    asked = QueryDict(mutable=True)
    asked.update(said)
    found = list(matching_accounts(asked)[: MOST_IN_ROLLOUT + 1])
    if len(found) > MOST_IN_ROLLOUT:
        raise Problem(Code.TOO_MANY, TOO_MANY)
    return found


def in_full(rollout: Rollout) -> SimpleNamespace:
    """Describe a rollout with queries whose number does not grow with its accounts."""
    (row,) = rows_of([rollout])
    groups, first = groups_of(rollout), census.managing_run(rollout)
    return SimpleNamespace(
        **row._asdict(),
        statuses=row.census.statuses,
        managing_run=first.number if first else None,
        groups=groups.same,
        more_groups=groups.more,
        alone=[run.number for run in groups.others],
        causes=census.causes_of(rollout) if row.failed else [],
    )


operation(
    router,
    "/{number}",
    decisions.configure,
    "change_rollout_limits",
    "Change a rollout’s waves and limits",
    {200: RolloutInFull},
    says="Change the waves and limits of accounts that wait. Omitted values stay.",
    find=rollout_numbered,
    body=Limits,
    answer=decided,
    method="PATCH",
)
operation(
    router,
    "/{number}/groups/{fingerprint}/approve",
    decisions.approve_group,
    "approve_rollout_group",
    "Approve a group of plans",
    {200: Approved},
    says="""Approve those of the group’s plans that you read and that still wait. Each
    starts with its wave.
    """,
    find=group_named,
    body=GroupApproval,
    answer=approved,
)
for verb, decision, says in (
    (
        "pause",
        decisions.pause,
        "Start nothing more until someone resumes it. Accounts in progress continue.",
    ),
    ("resume", decisions.resume, "Continue, whatever has failed until now."),
    (
        "stop",
        decisions.stop,
        "Discard accounts that haven’t begun. Accounts in progress continue.",
    ),
):
    operation(
        router,
        f"/{{number}}/{verb}",
        decision,
        f"{verb}_rollout",
        f"{verb.title()} a rollout",
        {200: RolloutInFull},
        says=says,
        find=rollout_numbered,
        answer=decided,
    )
operation(
    router,
    "/{number}/retry",
    decisions.retry,
    "retry_rollout",
    "Retry the failed accounts of a rollout",
    {200: Retried},
    says="Start only the failed accounts again; 0: only the managing account.",
    find=rollout_numbered,
    answer=lambda _, __, accounts: {"accounts": accounts},
)


class AccountReported(Schema):
    account: str
    account_id: str
    environment: str
    run: int = Field(description="The number of its newest run in this rollout")
    wave: int | None
    status: RunStatus
    plan: str = Field(description="The fingerprint of its group")
    started_by: str
    approved_at: datetime | None
    approved_by: str
    ended_at: datetime | None
    cause: str = Field(description="What ended it, or empty if nothing did")
    fix: str


@router.get(
    "/{number}/accounts",
    response=Page[AccountReported],
    summary="Read how a rollout is in each account",
)
def list_rollout_accounts(
    request: HttpRequest, number: Number, asked: Query[PageQuery]
) -> dict[str, Any]:
    """List the accounts of a rollout, each with its newest run, in its order."""
    rows = reported(rollout_numbered(number))
    return page_of(
        rows, "number", asked, lambda runs: [cells_of(COLUMNS, run) for run in runs]
    )


identical = Router()

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


@identical.get("", response=list[SameListed], summary="List identical plans")
def list_identical_plans(request: HttpRequest) -> Any:
    """List the groups of waiting plans with the same changes, the largest first."""
    return identical_plans()


@identical.get(
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
    identical,
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
