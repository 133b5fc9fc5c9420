"""Rollouts: many accounts as one job, started, read, decided on, and reported."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, QueryDict
from django.shortcuts import get_object_or_404
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status

from accounts.api.authentication import ApiRequest
from accounts.api.idempotency import changes
from accounts.api.openapi.fields import RolloutKind, RolloutState, RunStatus
from accounts.api.operations import operation
from accounts.api.paging import LARGEST, Page, PageQuery, page_of
from accounts.api.problems import Code, Problem
from accounts.api.requests import Request
from accounts.api.v1.accounts.describing import AccountFilters
from accounts.api.v1.decisions import TakeOverAsked
from accounts.api.v1.runs import Plan, read_run_plan
from accounts.api.v1.texts import TEST, AccessTest, Comment, Number, Typed
from accounts.decisions.many import each
from accounts.lists.accounts import MOST_IN_ROLLOUT, matching_accounts
from accounts.lists.declaration import cells_of
from accounts.lists.runs import COLUMNS, reported, rows_of
from accounts.mapping.completeness import refuse_incomplete
from accounts.models import ManagedAccount, Rollout, Run
from accounts.runs.deciding.confirmation import confirm_group
from accounts.runs.deciding.same_changes import granted_in
from accounts.runs.rollouts import decisions, start
from accounts.runs.rollouts.census import Census, causes_of, managing_run
from accounts.runs.rollouts.groups import groups_of, read_of, waiting
from accounts.slices import in_slices
from accounts.wording import counted

router = Router()

ONE_WAY = "Name the accounts, or give a filter that says something."
TOO_MANY = (
    f"More than {MOST_IN_ROLLOUT:,} accounts match, which is the most of one request."
)
CONFIRM_COUNT = "This plans to remove {}. Confirm it with “confirm_count”: {}."
UNKNOWN = "There is no account {}."
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
    number: int
    kind: RolloutKind
    state: RolloutState
    accounts: int
    good: int
    failed: int
    open: int
    created_at: datetime
    created_by: str
    ended_at: datetime | None


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


class RolloutInFull(RolloutListed):
    reason: str = Field(description="Why it is paused or stopped")
    statuses: dict[str, int] = Field(description="How many accounts, by status")
    managing_run: int | None = Field(
        description="The run of the managing account that comes first"
    )
    groups: list[Group] = Field(description="The largest, at most 20")
    more_groups: int
    alone: list[int] = Field(description="Runs whose plans are like no other")
    causes: list[Cause]
    limits: Limits
    excluded: list[str] = Field(description="What couldn’t be started, and why")


class Granted(Schema):
    """Who can use some accounts of Spinnaker."""

    read: list[str] = Field(description="The groups that READ names; none: everyone")
    write: list[str] = Field(description="The groups that WRITE names; none: everyone")
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
    found = page_of(Rollout.objects.all(), "-number", asked)
    return found.page(rollout_item(row) for row in rows_of(found.rows))


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
    shown = in_full(start(chosen, kind, request.user, take_over=choice))
    return Status(201, {**shown, "excluded": [*excluded, *shown["excluded"]]})


@router.get("/{number}", response=RolloutInFull, summary="Read a rollout")
def read_rollout(request: HttpRequest, number: Number) -> dict[str, Any]:
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


def decided(_: ApiRequest, rollout: Rollout, __: Rollout) -> dict[str, Any]:
    return in_full(rollout)


def rollout_numbered(number: Number) -> Rollout:
    """Find a rollout; 404 where there is none."""
    return get_object_or_404(Rollout, number=number)


def chosen_by(body: Chosen) -> list[ManagedAccount]:
    return accounts_named(body.accounts) if body.accounts else filtered(body.filter)


def accounts_named(names: list[str]) -> list[ManagedAccount]:
    """Find accounts by their names; raise Problem for a name of none."""
    wanted = list(dict.fromkeys(names))
    rows = ManagedAccount.objects.prefetch_related("providers")
    found = {
        row.name: row
        for some in in_slices(wanted)
        for row in rows.filter(name__in=some)
    }
    if unknown := [name for name in wanted if name not in found]:
        raise Problem(Code.UNKNOWN_NAME, UNKNOWN.format(", ".join(unknown[:5])))
    return list(found.values())


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


def rollout_item(row: Any) -> dict[str, Any]:
    return {**rollout_columns(row.rollout), **{k: getattr(row, k) for k in COUNTS}}


COUNTS = ("accounts", "good", "failed", "open")


def rollout_columns(rollout: Rollout) -> dict[str, Any]:
    return {
        "number": rollout.number,
        "kind": rollout.kind,
        "state": rollout.state,
        "created_at": rollout.created_at,
        "created_by": rollout.created_by_name,
        "ended_at": rollout.finished_at,
    }


def in_full(rollout: Rollout) -> dict[str, Any]:
    """Describe a rollout with queries whose number does not grow with its accounts."""
    (row,) = rows_of([rollout])
    census, groups, first = Census(rollout), groups_of(rollout), managing_run(rollout)
    causes = causes_of(rollout) if census.failed else []
    return {
        **rollout_item(row),
        "reason": rollout.reason,
        "statuses": dict(census.statuses),
        "managing_run": first.number if first else None,
        "groups": groups.same,
        "more_groups": groups.more,
        "alone": [run.number for run in groups.others],
        "causes": [
            {
                "accounts": cause.accounts,
                "message": cause.message,
                "fix": cause.fix,
                "runs": [run.number for run in cause.named],
            }
            for cause in causes
        ],
        "limits": {name: getattr(rollout, name) for name in Limits.model_fields},
        "excluded": rollout.excluded,
    }


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
    found = page_of(reported(rollout_numbered(number)), "number", asked)
    return found.page(cells_of(COLUMNS, run) for run in found.rows)
