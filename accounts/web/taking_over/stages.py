"""The stages of taking over an account's existing roles, and what can be undone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from accounts.mapping.plans import take_over_of
from accounts.models import ForeignPolicy, FoundRoles, ManagedAccount, Run
from accounts.runs.foreign import taking_over
from accounts.web.taking_over.steps import STEPS, Step, Taken
from onboarding.handoff.existing_role import in_tools
from onboarding.resources.kinds import Resource
from onboarding.resources.take_over import TakeOver

OUTSIDE = (Taken.OUTSIDE, Taken.KEPT)
"""Something else manages the roles."""


class Stage(NamedTuple):
    key: str
    step: Step
    is_done: bool
    refused: str
    """Why it can't be planned now."""


class Taking(NamedTuple):
    run: Run
    can_undo: bool
    """Whether nobody undid it yet; an undo itself is done again by a plan."""


def existing_roles(
    account: ManagedAccount,
    found: FoundRoles,
    foreign: list[ForeignPolicy],
    wanted: Iterable[Resource],
) -> dict[str, Any]:
    """Return what the tab shows of roles that were taken over so far."""
    stages = list(stages_of(account, Taken(found.taken)))
    elsewhere = account.standing.is_to_plan or account.standing.is_to_verify
    ahead = () if elsewhere else (one for one in stages if not one.is_done)
    return {
        "step": STEPS[Taken(found.taken)],
        "managed_by": found.managed_by,
        "in_tools": in_tools(wanted, found.managed_by),
        "stages": stages,
        "next_stage": next(iter(ahead), None),
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


def stages_of(account: ManagedAccount, taken: FoundRoles.Taken) -> Iterator[Stage]:
    if taken in OUTSIDE:
        return
    order = [*STEPS]
    roles = TakeOver(trust=True, owns=True)
    refused = "" if taken is Taken.OWNED else taking_over.why_not(account, roles)
    for place, (key, step) in enumerate(STEPS.items()):
        if step.button:
            why = "" if key is Taken.POLICIES else refused
            yield Stage(key, step, place < order.index(taken), why)


def is_detachable(policy: ForeignPolicy) -> bool:
    return not (policy.is_writes or policy.is_accepted or policy.removable)
