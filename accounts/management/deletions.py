"""What `manage.py onboard --approve` does not delete, or take from Spinnaker, unless it
is allowed, or access was tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from accounts.mapping.plans import plan_of
from accounts.models import Run
from accounts.runs.deciding.access_tests import (
    AccessUntested,
    Answer,
    access_tested,
)
from accounts.runs.deciding.confirmation import lost_in_words
from accounts.wording import counted
from onboarding.resources.plan import Plan, PlannedChange


def kept_back(run: Run, allowed: list[str] | None) -> Iterator[str]:
    """Say why a plan's deletions, and what Spinnaker loses by it, are not approved;
    nothing if they are, or if there are none.

    allowed: None for none at all, names for these accounts alone and whatever they
    lose, an empty list for all accounts while enough is left of each.
    """
    plan = plan_of(run)
    if run.account_name in (allowed or ()):
        return
    if plan.to_confirm and (allowed is None or allowed):
        if plan.deletions:
            yield f"This plan deletes {names(plan.deletions)}."
        if plan.losses:
            yield f"After this plan, {lost_in_words(plan)}."
        yield f"Review the plan, then allow it: --allow-delete {run.account_name}"
    elif plan.sweeping or plan.loses_over_a_third:
        yield from too_much(plan)
        yield f"To allow it, name the account: --allow-delete {run.account_name}"


def without_test(run: Run, test: str) -> Iterator[str]:
    """Say that a plan asks for a test of access which isn't there; nothing if it is."""
    try:
        access_tested(run, plan_of(run), Answer.of(test))
    except AccessUntested as error:
        yield f"{error} Bring it with --access-test."


def too_much(plan: Plan) -> Iterator[str]:
    """Say of what over a third would be gone."""
    for account, deletions in plan.sweeping.items():
        yield (
            f"This plan deletes {len(deletions)} of the {plan.existing[account]} "
            f"resources that Bowline created in account {account}, more than a "
            f"third: {names(deletions)}."
        )
    if plan.loses_over_a_third:
        yield (
            f"After this plan, {lost_in_words(plan)}. That is more than a third of the "
            f"{counted(plan.listed, 'role')} on its list."
        )


def names(changes: Iterable[PlannedChange]) -> str:
    return ", ".join(f"{change.key.kind} {change.key.name}" for change in changes)
