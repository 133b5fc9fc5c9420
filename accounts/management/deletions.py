"""What `manage.py onboard --approve` does not delete unless it is told to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from accounts.mapping.plans import plan_of
from accounts.models import Run
from onboarding.resources.plan import PlannedChange


def kept_back(run: Run, allowed: list[str] | None) -> Iterator[str]:
    """Say why a plan's deletions are not approved; nothing: they are, or are none.

    allowed: None for no deletion at all, names for these accounts alone and whatever
    they delete, an empty list for all accounts while enough is left of each.
    """
    plan = plan_of(run)
    if run.account_name in (allowed or ()):
        return
    if plan.deletions and (allowed is None or allowed):
        yield f"This plan deletes {names(plan.deletions)}."
        yield f"Read it, then allow that: --allow-delete {run.account_name}"
    elif plan.sweeping:
        for account, deletions in plan.sweeping.items():
            yield (
                f"This plan deletes {len(deletions)} of the {plan.existing[account]} "
                f"resources that Bowline made in account {account}, more than a third: "
                f"{names(deletions)}."
            )
        yield f"Where that is meant, name it: --allow-delete {run.account_name}"


def names(changes: Iterable[PlannedChange]) -> str:
    return ", ".join(f"{change.key.kind} {change.key.name}" for change in changes)
