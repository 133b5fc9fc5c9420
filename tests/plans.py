"""Plans for tests: what Bowline would do for an account that nothing exists of yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from accounts.mapping.entries import described_entries
from accounts.mapping.managed import assumed_roles, managed_of
from accounts.mapping.managing import managing_of
from accounts.mapping.plans import steps_of
from accounts.models import ManagedAccount, ManagingAccount, Run, Step
from accounts.people.reach import DecisionReach, as_stored, losses_of
from onboarding.desired.capacity import ASSUME_POLICY, assume_policy
from onboarding.desired.managed import managed_side
from onboarding.desired.managing import managing_side
from onboarding.resources.entry_changes import entry_changes
from onboarding.resources.kinds import MANAGING_PATH, ManagedPolicy
from onboarding.resources.plan import Plan, PlannedChange, Update, diff
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


FIVE = ("111111111111", "222222222222", "333333333333", "444444444444", "555555555555")
"""The accounts in which Spinnaker may assume a role."""


def list_of(account_ids: Iterable[str]) -> ManagedPolicy:
    """Make the policy that lists the roles of these accounts."""
    roles = [f"arn:aws:iam::{one}:role/spinnakerManaged" for one in account_ids]
    return ManagedPolicy(
        account="911111111111",
        name=ASSUME_POLICY,
        path=MANAGING_PATH,
        document=assume_policy(roles),
    )


def losing_run(left: Iterable[str] = FIVE[:1], **fields: Any) -> Run:
    """Let a plan wait by which Spinnaker may assume roles in those that are left of
    five accounts: of the managing account, unless an account is given.
    """
    left = {*left}
    managing = fields.get("account") is None
    own = DecisionReach(managing=managing)
    lost = {"lost": losses_of({*FIVE} - left), "listed": len(FIVE)}
    reach = as_stored(own, "", managing_first=False) | lost
    kind = Run.Kind.MANAGING if managing else Run.Kind.ONBOARD
    run = run_row(**{"account": None, "kind": kind, "reach": reach, **fields})
    change = PlannedChange.of(Update(list_of(FIVE), list_of(sorted(left))), "core")
    Step.objects.bulk_create(steps_of(run, Plan((change,))))
    return run
