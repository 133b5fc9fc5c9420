"""Runs: what was planned, what became of it, and what was proved."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, QueryDict
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema

from accounts.api.authentication import ApiRequest
from accounts.api.openapi import (
    ChangeStatus,
    ChangeVerb,
    RunKind,
    RunStatus,
    with_filters,
)
from accounts.api.paging import Page, PageQuery, page_of
from accounts.api.requests import Request
from accounts.api.v1.accounts.describing import Check
from accounts.api.v1.texts import IN_PROGRESS, READ_AGAIN, Number
from accounts.http import full_url
from accounts.lists.declaration import cells_of
from accounts.lists.runs import RUNS, matching_runs
from accounts.mapping.plans import plan_of
from accounts.models import Delivery, Run
from accounts.models.checks import Evidence
from accounts.models.states import WORKING, Status
from accounts.people.authors import authors_of_run
from accounts.people.reach import reach_of_run
from accounts.runs.deciding.approving import before_approval, outdated_by
from accounts.runs.results import results_of

router = Router()


@with_filters(RUNS)
class RunFilters(Request):
    """What the list of runs is searched by, as on its page."""


class RunListed(Schema):
    number: int
    id: UUID
    kind: RunKind
    account: str
    account_id: str
    rollout: int | None
    status: RunStatus
    changes: int | None = Field(description="null: no plan was made")
    started_at: datetime
    started_by: str
    approved_at: datetime | None
    approved_by: str
    ended_at: datetime | None


class RunError(Schema):
    message: str
    hint: str


class RunInFull(RunListed):
    path: str = Field(description=READ_AGAIN)
    in_progress: bool = Field(description=IN_PROGRESS)
    page: str = Field(description="Where people read it")
    waiting: str = Field(description="What the run is waiting for")
    error: RunError | None = Field(description="What ended it")


class Change(Schema):
    verb: ChangeVerb
    kind: str
    name: str
    account_id: str
    account: str = Field(alias="account_name")
    reason: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    status: ChangeStatus
    message: str
    hint: str


class EntryChange(Schema):
    """What changes of what Spinnaker knows."""

    verb: ChangeVerb
    provider: str
    name: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class OtherAssumer(Schema):
    """Somebody who can assume an existing role that gets permissions, and who isn't in
    the trust policy that Bowline plans.
    """

    account_id: str = Field(alias="key.account")
    role: str = Field(alias="key.name")
    sentence: str


class Plan(Schema):
    digest: str = Field(description="Identifies what was read: give it to approve")
    fingerprint: str = Field(description="Equal in identical plans")
    waits: bool = Field(description="Whether it waits for approval")
    outdated_by: str = Field(description="Which edit outdates it, or empty if none")
    changes: list[Change]
    entries: list[EntryChange]
    risks: list[str]
    other_assumers: list[OtherAssumer] = Field(
        description="Who else gets what the plan gives to existing roles, the widest "
        "access first"
    )
    to_confirm: list[str] = Field(
        description="What it deletes in AWS, and what Spinnaker loses by it. If there "
        "is any, an approval needs a confirmation"
    )
    not_recommended: list[str]
    evidence: list[Evidence] = Field(
        description="What roles have used of the policies that the plan detaches, as "
        "far as IAM records it"
    )
    managed_by: dict[str, str] = Field(
        description="By role, what else manages it: its next update can undo the plan"
    )
    decided_in: str = Field(description="The environments, or the managing account")
    caused_by: str = Field(description="Who caused it, and what each of them did")
    comes_first: str = Field(
        description="Why the managing account’s own plan must be approved first, or "
        "empty if it needn’t"
    )
    test: str = Field(
        description="Why an approval needs a test of access, and how to make it, or "
        "empty if it needs none"
    )


@router.get("", response=Page[RunListed], summary="List runs")
def list_runs(
    request: ApiRequest, asked: Query[PageQuery], filters: Query[RunFilters]
) -> dict[str, Any]:
    """List the runs, newest first, as the filters ask."""
    rows = matching_runs(request.GET, request.user)
    return page_of(rows, "-number", asked, lambda runs: map(run_item, runs))


@router.get("/{number}", response=RunInFull, summary="Read a run")
def read_run(request: HttpRequest, number: Number) -> dict[str, Any]:
    """Read how far a run has come."""
    run = get_object_or_404(matching_runs(QueryDict()), number=number)
    return {
        **in_full(run),
        "path": f"/runs/{number}",
        "in_progress": run.status in WORKING,
        "page": full_url(request, run.get_absolute_url()),
    }


def read_decided(request: HttpRequest, *about: Any) -> dict[str, Any]:
    """Answer with the run that a decision made, or was about."""
    *_, run = about
    assert isinstance(run, Run)
    return read_run(request, run.number)


@router.get("/{number}/plan", response=Plan, summary="Read a run’s plan")
def read_run_plan(request: HttpRequest, number: Number) -> dict[str, Any]:
    """Read word for word what an approval is about."""
    return plan_in_full(run_numbered(number))


def plan_in_full(run: Run) -> dict[str, Any]:
    steps = list(run.steps.all())
    plan = plan_of(run, steps)
    waits = run.status == Status.PLANNED
    edit = outdated_by(run) if waits else ""
    reach = reach_of_run(run)
    authors = authors_of_run(run, reach) if waits else {}
    return {
        "digest": plan.digest,
        "fingerprint": plan.fingerprint,
        "waits": waits and not edit,
        "outdated_by": edit,
        "changes": steps,
        "entries": plan.entries,
        "risks": [risk.sentence for risk in plan.risks],
        "other_assumers": plan.others,
        "to_confirm": [one.sentence for one in plan.to_confirm],
        "not_recommended": [one.sentence for one in plan.not_recommended],
        **before_approval(run, plan, reach, authors),
    }


@router.get("/{number}/results", response=list[Check], summary="Read a run’s results")
def read_run_results(request: HttpRequest, number: Number) -> Any:
    """Read what the run’s checks found."""
    return results_of(run_numbered(number))


def run_numbered(number: Number) -> Run:
    """Find a run; 404 where there is none."""
    rows = Run.objects.select_related("account", "findings")
    return get_object_or_404(rows, number=number)


def run_item(run: Run) -> dict[str, Any]:
    return {**cells_of(RUNS.columns, run), "rollout": run.rollout_id}


def in_full(run: Run) -> dict[str, Any]:
    return {**run_item(run), "waiting": run.waiting, "error": error_of(run)}


def error_of(row: Run | Delivery) -> dict[str, str] | None:
    """Say what ended it; None: nothing did."""
    error = row.error
    return {k: str(error.get(k, "")) for k in ("message", "hint")} if error else None
