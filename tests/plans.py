"""Plans for tests: what Bowline would do for an account that nothing exists of yet."""

from __future__ import annotations

from typing import Any

from accounts.mapping.entries import described_entries
from accounts.mapping.managed import assumed_roles, managed_of
from accounts.mapping.managing import managing_of
from accounts.mapping.plans import steps_of
from accounts.models import ManagedAccount, ManagingAccount, Run, Step
from onboarding.desired.managed import managed_side
from onboarding.desired.managing import managing_side
from onboarding.resources.entry_changes import entry_changes
from onboarding.resources.plan import Plan, PlannedChange, diff
from tests.rows import run_row

EVERY_PROVIDER: dict[str, dict[str, Any]] = {
    "ec2": {},
    "ecs": {},
    "eks": {"clusters": [{"name": "apps", "region": "us-east-1"}]},
    "lambda": {},
}


def plan_for(account: ManagedAccount) -> Plan:
    """Plan the account, and its place in a managing account that is there already."""
    managing = managing_of(ManagingAccount.objects.get())
    managed = managed_of(account)
    whole = managing_side(managing, assumed_roles(managing, [account]))
    existing = tuple(managing_side(managing, assumed_roles(managing)))
    changes = [
        PlannedChange.of(change, name)
        for name, found in (
            (managing.name, diff(tuple(whole), existing)),
            (managed.name, diff(managed_side(managing, managed), ())),
        )
        for change in found
    ]
    entries = entry_changes((), described_entries(managing, managed))
    return Plan(tuple(changes), entries=entries)


def planned_run(account: ManagedAccount, **fields: Any) -> Run:
    """Let that plan wait for approval."""
    plan = plan_for(account)
    entries = [change.after for change in plan.entries]
    run = run_row(account=account, entries={"before": [], "after": entries}, **fields)
    Step.objects.bulk_create(steps_of(run, plan))
    return run
