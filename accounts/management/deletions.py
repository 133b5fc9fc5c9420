"""What `manage.py onboard --approve` does not delete unless it is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from accounts.mapping.plans import plan_of
from accounts.models import Run
from onboarding.resources.plan import PlannedChange


def kept_back(run: Run, allowed: list[str] | None) -> Iterator[str]:
    """Say why a plan's deletions are not approved; nothing if they are, or if none.

    allowed: None for no deletion at all, names for these accounts alone and whatever
    they delete, an empty list for all accounts while enough is left of each.
    """
    plan = plan_of(run)
    if run.account_name in (allowed or ()):
        return
    if plan.deletions and (allowed is None or allowed):
        yield f"This plan deletes {names(plan.deletions)}."
        yield f"Review the plan, then allow it: --allow-delete {run.account_name}"
    elif plan.sweeping:
        for account, deletions in plan.sweeping.items():
            yield (
                f"This plan deletes {len(deletions)} of the {plan.existing[account]} "
                f"resources that Bowline created in account {account}, more than a "
                f"third: {names(deletions)}."
            )
        yield f"To allow it, name the account: --allow-delete {run.account_name}"


def names(changes: Iterable[PlannedChange]) -> str:
    return ", ".join(f"{change.key.kind} {change.key.name}" for change in changes)
