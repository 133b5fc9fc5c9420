"""Start a run of an account that is described to the end, or the same run again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from accounts.decisions.decision import decision
from accounts.mapping.completeness import refuse_incomplete
from accounts.mapping.plans import take_over_of
from accounts.models import Activity, ManagedAccount, Run
from accounts.people.reach import around, around_its_account
from accounts.people.roles import OPERATOR
from accounts.runs import actions
from accounts.runs.foreign.taking_over import take_over

if TYPE_CHECKING:
    from django.contrib.auth.models import User

What = Activity.What
STARTS: dict[str, Callable[..., Run]] = {
    Run.Kind.ONBOARD: actions.plan,
    Run.Kind.REMOVE: actions.remove,
    Run.Kind.VERIFY: actions.verify,
}


@decision(
    "plan an account whose settings are complete",
    OPERATOR,
    What.PLAN,
    touches=around,
    locks=actions.hold_with_runs,
)
def start_plan(account: ManagedAccount, by: User) -> Run:
    """Plan an account; raise Incomplete where a part of it is not described."""
    refuse_incomplete(account)
    return actions.plan.function(account, by)


@decision(
    "start a run again",
    OPERATOR,
    What.PLAN,
    What.VERIFY,
    What.REMOVE,
    touches=around_its_account,
    locks=actions.hold_nothing,
)
def start_again(run: Run, by: User) -> Run:
    """Start a run of the same kind for the same account, as it is described now; raise
    RunOpen, or why else none can be started.
    """
    if run.kind == Run.Kind.MANAGING:
        return actions.plan_managing(by)
    if run.account is None:
        raise actions.Forgotten(run.account_name)
    if choice := take_over_of(run):
        return take_over(run.account, by, choice)
    return STARTS[run.kind](run.account, by)
