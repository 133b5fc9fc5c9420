"""What people decide about accounts and their runs: plan, approve, verify, remove."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Field
from ninja.responses import Status

from accounts.api.authentication import APPROVES, ApiRequest
from accounts.api.codes import Code
from accounts.api.idempotency import changes
from accounts.api.problems import Problem
from accounts.api.requests import Request
from accounts.api.v1.accounts.describing import (
    AccountInFull,
    account_named,
    read_account,
)
from accounts.api.v1.accounts.describing import router as of_accounts
from accounts.api.v1.runs import RunInFull, read_run, run_numbered
from accounts.api.v1.runs import router as of_runs
from accounts.api.v1.texts import (
    TEST,
    AccessTest,
    Comment,
    Digest,
    Name,
    Number,
    Typed,
)
from accounts.mapping.completeness import Incomplete
from accounts.mapping.plans import plan_of
from accounts.models import Run
from accounts.runs import actions
from accounts.runs.deciding.confirmation import confirm_run
from accounts.runs.deciding.lateness import decided_already, nothing_to_accept, outdated
from accounts.runs.deciding.starting import start_again, start_plan
from accounts.runs.owners.looking import look_soon

WAITS_FOR_NO_ONE = "{} doesn't wait for an owner."


class Removal(Request):
    never_told: Typed = Field(
        "",
        description="The account’s name, if you know that Spinnaker never had it, or "
        "no longer has it",
    )


class RunApproval(Request):
    digest: Digest = Field(description="Of the plan that you read")
    confirmation: Typed = Field(
        "", description="The account’s name, if the plan has “to_confirm”"
    )
    comment: Comment = Field("", description="An optional comment for the activity log")
    test: AccessTest = TEST


@changes(of_accounts, "/{name}/plan", "Plan an account", {202: RunInFull})
def plan_account(request: ApiRequest, name: Name) -> Any:
    """Start a run that plans what to change. Nothing changes until it is approved."""
    account = account_named(name)
    try:
        return begun(request, start_plan(account, request.user))
    except Incomplete as error:
        raise Problem(Code.INCOMPLETE, f"{account.name}: {error}.") from error


@changes(of_accounts, "/{name}/verify", "Verify an account", {202: RunInFull})
def verify_account(request: ApiRequest, name: Name) -> Any:
    """Start a run that proves again what exists, and changes nothing."""
    return begun(request, actions.verify(account_named(name), request.user))


@changes(
    of_accounts, "/{name}/remove", "Plan the removal of an account", {202: RunInFull}
)
def remove_account(request: ApiRequest, name: Name, body: Removal) -> Any:
    """Start a run that plans to delete what Bowline created in the account. Nothing is
    deleted until it is approved.
    """
    account = account_named(name)
    never_told = body.never_told.strip() == account.name
    return begun(request, actions.remove(account, request.user, never_told=never_told))


@changes(
    of_accounts,
    "/{name}/accept",
    "Accept an evaluated account",
    {200: AccountInFull},
    auth=APPROVES,
)
def accept_account(request: ApiRequest, name: Name) -> Any:
    """Accept an account that was evaluated, not verified: bundles hold it then."""
    account = account_named(name)
    if not actions.accept(account, request.user):
        raise Problem(Code.NOTHING_TO_ACCEPT, nothing_to_accept(account))
    return read_account(request, name)


@changes(
    of_runs,
    "/{number}/approve",
    "Approve a run’s plan",
    {200: RunInFull},
    auth=APPROVES,
)
def approve_run(request: ApiRequest, number: Number, body: RunApproval) -> Any:
    """Approve the plan whose digest you give, and let a worker carry it out. A plan
    that has changed since you read it is not approved.
    """
    run = run_numbered(number)
    if plan_of(run).to_confirm:
        confirm_run(run.account_name, body.confirmation)
    said = {"comment": body.comment, "test": body.test}
    if not actions.approve(run, request.user, read=body.digest, **said):
        raise too_late(number)
    return read_run(request, number)


@changes(
    of_runs,
    "/{number}/discard",
    "Discard a run’s plan",
    {200: RunInFull},
    auth=APPROVES,
)
def discard_run(request: ApiRequest, number: Number) -> Any:
    """Discard a waiting plan. AWS is unchanged."""
    if not actions.discard(run_numbered(number), request.user):
        raise too_late(number)
    return read_run(request, number)


@changes(of_runs, "/{number}/again", "Start a run again", {202: RunInFull})
def start_run_again(request: ApiRequest, number: Number) -> Any:
    """Start a run of the same kind for the same account, as it is described now."""
    return begun(request, start_again(run_numbered(number), request.user))


@changes(
    of_runs,
    "/{number}/look",
    "Check whether an account’s owner is done",
    {202: RunInFull},
)
def check_for_owner(request: ApiRequest, number: Number) -> Any:
    """Check at once whether the account’s owner has created the roles."""
    run = run_numbered(number)
    if not look_soon(run, request.user):
        raise Problem(Code.NO_ONE_WAITS, WAITS_FOR_NO_ONE.format(run.title))
    return Status(202, read_run(request, number))


def begun(request: HttpRequest, run: Run) -> Status[Any]:
    return Status(202, read_run(request, run.number))


def too_late(number: int) -> Problem:
    """Say who decided earlier, or which edit came in between."""
    now = run_numbered(number)
    return Problem(Code.DECIDED, outdated(now) or decided_already(now))
