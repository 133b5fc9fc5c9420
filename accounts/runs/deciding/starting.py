"""Start a run of an account that is described to the end, or the same run again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from accounts.mapping.completeness import Incomplete, refuse_incomplete
from accounts.mapping.managing import NoManagingAccount
from accounts.mapping.plans import take_over_of
from accounts.mapping.spinnaker_names import NameTaken
from accounts.models import ManagedAccount, Run
from accounts.runs import actions
from accounts.runs.capacity import NoRoom
from accounts.runs.foreign.taking_over import CannotTakeOver, take_over
from accounts.runs.owners.readiness import ManagingNotVerified
from onboarding.details import DetailsError

if TYPE_CHECKING:
    from django.contrib.auth.models import User


REFUSALS = (
    DetailsError,
    ManagingNotVerified,
    NameTaken,
    NoManagingAccount,
    NoRoom,
    Incomplete,
    CannotTakeOver,
    actions.Forgotten,
    actions.NothingExists,
    actions.StillInSpinnaker,
)
"""Why no run is started, apart from one that is open."""

STARTS: dict[str, Callable[..., Run]] = {
    Run.Kind.ONBOARD: actions.plan,
    Run.Kind.REMOVE: actions.remove,
    Run.Kind.VERIFY: actions.verify,
}


def start_plan(account: ManagedAccount, by: User) -> Run:
    """Plan an account; raise Incomplete where a part of it is not described."""
    refuse_incomplete(account)
    return actions.plan(account, by)


def start_again(run: Run, by: User) -> Run:
    """Start a run of the same kind for the same account, as it is described now; raise
    RunOpen, or one of REFUSALS.
    """
    if run.kind == Run.Kind.MANAGING:
        return actions.plan_managing(by)
    if run.account is None:
        raise actions.Forgotten(run.account_name)
    if choice := take_over_of(run):
        return take_over(run.account, by, choice)
    return STARTS[run.kind](run.account, by)
