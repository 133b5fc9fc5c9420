"""Start a run of an account that is described to the end; accept one that was
evaluated only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from accounts.decisions.decision import decision
from accounts.decisions.locks import hold_nothing
from accounts.decisions.many import who_may
from accounts.mapping.completeness import refuse_incomplete
from accounts.mapping.managing import managing_of
from accounts.mapping.plans import take_over_of
from accounts.models import Activity, ManagedAccount, ManagingAccount, Run
from accounts.people.reach import around, around_its_account
from accounts.people.roles import OPERATOR
from accounts.runs import actions
from accounts.runs.actions import accept
from accounts.runs.foreign.taking_over import take_over
from accounts.wording import for_count
from onboarding.partitions import Arn

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from accounts.people.authors import By

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
    locks=hold_nothing,  # what is started holds its account, after its open runs
)
def start_again(run: Run, by: User) -> Run:
    """Start a run of the same kind for the same account, as it is described now; raise
    RunOpen, or why else none can be started.
    """
    if run.kind == Run.Kind.MANAGING:
        return actions.plan_managing(by)
    if run.account is None:
        raise actions.Forgotten(f"{run.account_name} was deleted from Bowline.")
    if choice := take_over_of(run):
        return take_over(run.account, by, choice)
    return STARTS[run.kind](run.account, by)


MOST_AT_ONCE = 200
"""The most accounts that are accepted in one request, a few seconds' worth."""
KINDS = {"user": "the IAM user", "role": "the role"}


class Waiting(NamedTuple):
    account: ManagedAccount
    refused: str
    """Why this person can't accept it; empty: they can."""


def waiting_for(by: By) -> list[Waiting]:
    """List the first accounts that wait, by name, each with who may not accept it."""
    rows = ManagedAccount.objects.to_accept().order_by("name")[:MOST_AT_ONCE]
    refused = {one.pk: why for one, why in who_may(accept, rows, by).reasons}
    return [Waiting(one, refused.get(one.pk, "")) for one in rows]


def identity_in_words(row: ManagingAccount) -> str:
    """Name what Spinnaker runs as, such as “the IAM user spinnaker”."""
    found = Arn.of(managing_of(row).identity_arn)
    return f"{KINDS.get(found.kind, found.kind)} {found.name}"


def waiting_in_words(count: int) -> str:
    """Say what happened to accounts that wait, and what somebody must do; empty: none
    does.
    """
    row = ManagingAccount.objects.first() if count else None
    if row is None:
        return ""
    who = identity_in_words(row)
    read = (
        f"evaluated, not verified: Bowline can't assume {who}, which Spinnaker runs "
        "as, and only read the policies. Bundles include"
    )
    return for_count(
        count,
        f"1 account was {read} it after an approver accepts it.",
        f"{{count}} accounts were {read} them after an approver accepts them.",
    )
