"""The stages of taking over an account's existing roles, and what can be undone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from accounts.mapping.plans import take_over_of
from accounts.models import ForeignPolicy, FoundRoles, ManagedAccount, Run
from accounts.runs.foreign import taking_over
from accounts.runs.foreign.taking_over import unverified_by_trust
from accounts.web.taking_over.steps import STEPS, Step, Taken
from onboarding.handoff.existing_role import in_tools
from onboarding.resources.kinds import Resource, Role
from onboarding.resources.take_over import TakeOver
from onboarding.resources.trusts import is_for_services, shut_out

MOST_OTHERS = 20
"""The most of those who can assume a role that are named."""
CHOICES = {
    Taken.POLICIES: TakeOver(detaches=frozenset(["any"])),
    Taken.TRUST: TakeOver(trust=True),
    Taken.TAG: TakeOver(owns=True),
}
"""What each step asks for, to know whether it can be planned."""
OUTSIDE = (Taken.OUTSIDE, Taken.KEPT)
"""Something else manages the roles."""


class Stage(NamedTuple):
    key: str
    step: Step
    is_done: bool
    refused: str
    """Why it can't be planned now."""

    @property
    def is_next(self) -> bool:
        return not (self.is_done or self.refused)


class LeftRole(NamedTuple):
    """A role for services whose trust policy the steps leave as it is."""

    name: str
    others: list[str]
    """Who else can assume it, and no longer could."""
    more: int


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
    standing, by_trust = account.standing, bool(unverified_by_trust(account))
    elsewhere = (standing.is_to_plan and not by_trust) or standing.is_to_verify
    ahead = () if elsewhere else (one for one in stages if one.is_next)
    return {
        "step": STEPS[Taken(found.taken)],
        "managed_by": found.managed_by,
        "in_tools": in_tools(wanted, found.managed_by),
        "stages": stages,
        "next_stage": next(iter(ahead), None),
        "left_roles": list(left_roles(found, wanted)),
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
    for place, (key, step) in enumerate(STEPS.items()):
        if not step.button:
            continue
        is_done = place < order.index(taken)
        why = "" if is_done else taking_over.why_not(account, CHOICES[key])
        yield Stage(key, step, is_done, why)


def left_roles(found: FoundRoles, wanted: Iterable[Resource]) -> Iterator[LeftRole]:
    """Yield the roles whose trust policy is replaced only by itself."""
    read = {one["name"]: one for one in found.roles}
    for role in wanted:
        there = read.get(role.name) if isinstance(role, Role) else None
        if there is None or there["owned"] or there["trust"] is None:
            continue
        assert isinstance(role, Role)
        planned = role.trust.document["Statement"]
        if is_for_services(planned) and there["trust"] != planned:
            others = [one.sentence for one in shut_out(there["trust"], planned)]
            more = len(others[MOST_OTHERS:])
            yield LeftRole(role.name, others[:MOST_OTHERS], more)


def is_detachable(policy: ForeignPolicy) -> bool:
    elsewhere = policy.is_writes or policy.is_passed
    return not (elsewhere or policy.is_accepted or policy.removable)
