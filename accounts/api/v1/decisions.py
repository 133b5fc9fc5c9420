"""What people decide about accounts and their runs: plan, take over, approve,
verify.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

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
from accounts.runs.foreign import taking_over
from accounts.runs.owners.looking import look_soon
from onboarding.resources.take_over import TakeOver


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


RUN: dict[int, Any] = {202: RunInFull}
on_account = partial(
    operation, of_accounts, response=RUN, find=account_named, answer=read_decided
)
on_run = partial(
    operation, of_runs, response=RUN, find=run_numbered, answer=read_decided
)
on_account(
    "/{name}/plan",
    start_plan,
    "plan_account",
    "Plan an account",
    says="Start a run that plans what to change. Nothing changes until it is approved.",
)
on_account(
    "/{name}/verify",
    actions.verify,
    "verify_account",
    "Verify an account",
    says="Start a run that verifies what exists, and changes nothing.",
)
on_account(
    "/{name}/remove",
    actions.remove,
    "remove_account",
    "Plan the removal of an account",
    says="""Start a run that plans to delete what Bowline created in the account.
    Nothing is deleted until it is approved.
    """,
    body=Removal,
)
on_account(
    "/{name}/accept",
    actions.accept,
    "accept_account",
    "Accept an evaluated account",
    response={200: AccountInFull},
    says="Accept an account that was evaluated, not verified. Bundles then include it.",
    answer=read_decided_account,
)
on_run(
    "/{number}/approve",
    actions.approve,
    "approve_run",
    "Approve a run’s plan",
    response={200: RunInFull},
    says="""Approve the plan whose digest you give, and let a worker carry it out. A
    plan that has changed since you read it isn’t approved.
    """,
    body=RunApproval,
)
on_run(
    "/{number}/discard",
    actions.discard,
    "discard_run",
    "Discard a run’s plan",
    response={200: RunInFull},
    says="Discard a waiting plan. AWS is unchanged.",
)
on_run(
    "/{number}/again",
    start_again,
    "start_run_again",
    "Start a run again",
    says="Start a run of the same kind for the account, with its current settings.",
)
on_run(
    "/{number}/look",
    look_soon,
    "check_for_owner",
    "Check whether an account’s owner is done",
    says="Check at once whether the account’s owner has created the roles.",
)


class TakeOverAsked(Request):
    """What to take over of existing roles: at least one of these."""

    detach: list[Annotated[str, Field(max_length=64, pattern="^[0-9a-f]{64}$")]] = (
        Field(
            [],
            max_length=1000,
            description="Policies of others to detach, each by its “alike” in "
            "/foreign-policies",
        )
    )
    trust: bool = Field(
        False,
        description="Whether Bowline’s trust policy replaces the existing one of the "
        "managed role",
    )
    services_trust: bool = Field(
        False,
        description="Whether it does so for roles that AWS’s services assume, such as "
        "the base role. Functions and instances can use these, too",
    )
    own: bool = Field(
        False,
        description="Whether the roles become Bowline’s: later plans keep them as "
        "planned, and a removal deletes them",
    )

    @property
    def choice(self) -> TakeOver:
        return TakeOver(
            frozenset(self.detach), self.trust, self.own, self.services_trust
        )

    def given(self, _: ManagedAccount) -> dict[str, TakeOver]:
        return {"choice": self.choice}


on_account(
    "/{name}/take-over",
    taking_over.take_over,
    "take_over_account",
    "Plan to take over an account’s existing roles",
    says="""Start a run that plans what becomes of roles that existed before Bowline.
    Nothing changes until it is approved, and it can be undone.
    """,
    body=TakeOverAsked,
)
on_run(
    "/{number}/undo",
    taking_over.undo,
    "undo_run",
    "Undo what a run took over",
    says="""Start a run that puts back what the run took over. Within 24 hours of that
    run’s approval, it needs no further one.
    """,
)
