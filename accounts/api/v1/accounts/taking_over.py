"""Existing roles: plan to take them over, and undo that."""

from __future__ import annotations

from typing import Annotated

from ninja import Field

from accounts.api.requests import Request
from accounts.api.v1.decisions import on_account, on_run
from accounts.models import ManagedAccount
from accounts.runs.foreign import taking_over
from onboarding.resources.take_over import TakeOver


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
