"""The stages of taking over an account's existing roles, and what can be undone."""

from __future__ import annotations

from typing import Any, NamedTuple

from accounts.mapping.plans import take_over_of
from accounts.models import ForeignPolicy, FoundRoles, ManagedAccount, Run
from accounts.runs.foreign import taking_over
from onboarding.resources.take_over import TakeOver

Taken = FoundRoles.Taken
ORDER = [*Taken]


class Stage(NamedTuple):
    key: str
    title: str
    says: str
    is_done: bool
    refused: str = ""
    """Why it can't be planned now."""


class Taking(NamedTuple):
    run: Run
    can_undo: bool
    """Whether nobody undid it yet; an undo itself is done again by a plan."""


def existing_roles(
    account: ManagedAccount, foreign: list[ForeignPolicy]
) -> dict[str, Any]:
    """Return what the tab shows; nothing where no roles were there before Bowline."""
    row = FoundRoles.objects.of(account).first()
    if row is None or not row.taken:
        return {}
    stages = list(stages_of(account, Taken(row.taken)))
    return {
        "stages": stages,
        "next_stage": next((one for one in stages if not one.is_done), None),
        "to_detach": [one for one in foreign if is_detachable(one)],
        "takings": takings_of(account),
        "settles_at": taking_over.settles_at(account),
    }


def takings_of(account: ManagedAccount) -> list[Taking]:
    runs = list(taking_over.taken_by(account))
    choices = {run.number: take_over_of(run) for run in runs}
    undone = {choice.undone_run for choice in choices.values()}
    return [
        Taking(
            run, not (choices[run.number].undoes or run.number in undone or run.is_open)
        )
        for run in runs
    ]


def stages_of(account: ManagedAccount, taken: FoundRoles.Taken) -> list[Stage]:
    reached = ORDER.index(taken)
    why = taking_over.why_not
    return [
        Stage(
            Taken.POLICIES,
            "Detach the policies of others",
            "Spinnaker then has only the permissions that Bowline shows. Policies that "
            "an approver accepts stay.",
            reached > ORDER.index(Taken.POLICIES),
        ),
        Stage(
            Taken.TRUST,
            "Replace the trust policy",
            "Only Spinnaker's identity can assume the managed role, with the external "
            "ID, if the account uses one.",
            reached > ORDER.index(Taken.TRUST),
            why(account, TakeOver(trust=True)),
        ),
        Stage(
            Taken.TAG,
            "Make the roles Bowline's",
            "Bowline tags the roles and the instance profile. Later plans keep them as "
            "planned, and removing the account deletes them.",
            taken is Taken.OWNED,
            why(account, TakeOver(owns=True)),
        ),
    ]


def is_detachable(policy: ForeignPolicy) -> bool:
    return not (policy.is_writes or policy.is_accepted or policy.removable)
