"""What people decide about accounts and their runs: plan, approve, verify, remove."""

from __future__ import annotations

from typing import Any

from ninja import Field

from accounts.api.operations import operation
from accounts.api.requests import Request
from accounts.api.v1.accounts.describing import (
    AccountInFull,
    account_named,
    read_decided_account,
)
from accounts.api.v1.accounts.describing import router as of_accounts
from accounts.api.v1.runs import RunInFull, read_decided, run_numbered
from accounts.api.v1.runs import router as of_runs
from accounts.api.v1.texts import TEST, AccessTest, Comment, Digest, Typed
from accounts.mapping.plans import plan_of
from accounts.models import ManagedAccount, Run
from accounts.runs import actions
from accounts.runs.deciding.confirmation import confirm_run
from accounts.runs.deciding.starting import start_again, start_plan
from accounts.runs.owners.looking import look_soon


class Removal(Request):
    never_told: Typed = Field(
        "",
        description="The account’s name, if you know that Spinnaker never had it, or "
        "no longer has it",
    )

    def given(self, account: ManagedAccount) -> dict[str, Any]:
        return {"never_told": self.never_told.strip() == account.name}


class RunApproval(Request):
    digest: Digest = Field(description="Of the plan that you read")
    confirmation: Typed = Field(
        "", description="The account’s name, if the plan has “to_confirm”"
    )
    comment: Comment = Field("", description="An optional comment for the activity log")
    test: AccessTest = TEST

    def given(self, run: Run) -> dict[str, Any]:
        if plan_of(run).to_confirm:
            confirm_run(run.account_name, self.confirmation)
        return {"read": self.digest, "comment": self.comment, "test": self.test}


operation(
    of_accounts,
    "/{name}/plan",
    start_plan,
    "plan_account",
    "Plan an account",
    {202: RunInFull},
    says="Start a run that plans what to change. Nothing changes until it is approved.",
    find=account_named,
    answer=read_decided,
)
operation(
    of_accounts,
    "/{name}/verify",
    actions.verify,
    "verify_account",
    "Verify an account",
    {202: RunInFull},
    says="Start a run that proves again what exists, and changes nothing.",
    find=account_named,
    answer=read_decided,
)
operation(
    of_accounts,
    "/{name}/remove",
    actions.remove,
    "remove_account",
    "Plan the removal of an account",
    {202: RunInFull},
    says="""Start a run that plans to delete what Bowline created in the account.
    Nothing is deleted until it is approved.
    """,
    find=account_named,
    body=Removal,
    answer=read_decided,
)
operation(
    of_accounts,
    "/{name}/accept",
    actions.accept,
    "accept_account",
    "Accept an evaluated account",
    {200: AccountInFull},
    says="Accept an account that was evaluated, not verified: bundles hold it then.",
    find=account_named,
    answer=read_decided_account,
)
operation(
    of_runs,
    "/{number}/approve",
    actions.approve,
    "approve_run",
    "Approve a run’s plan",
    {200: RunInFull},
    says="""Approve the plan whose digest you give, and let a worker carry it out. A
    plan that has changed since you read it is not approved.
    """,
    find=run_numbered,
    body=RunApproval,
    answer=read_decided,
)
operation(
    of_runs,
    "/{number}/discard",
    actions.discard,
    "discard_run",
    "Discard a run’s plan",
    {200: RunInFull},
    says="Discard a waiting plan. AWS is unchanged.",
    find=run_numbered,
    answer=read_decided,
)
operation(
    of_runs,
    "/{number}/again",
    start_again,
    "start_run_again",
    "Start a run again",
    {202: RunInFull},
    says="Start a run of the same kind for the same account, as it is described now.",
    find=run_numbered,
    answer=read_decided,
)
operation(
    of_runs,
    "/{number}/look",
    look_soon,
    "check_for_owner",
    "Check whether an account’s owner is done",
    {202: RunInFull},
    says="Check at once whether the account’s owner has created the roles.",
    find=run_numbered,
    answer=read_decided,
)
