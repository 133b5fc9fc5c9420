"""Rollouts against an AWS that enforces IAM: planned, approved, applied in waves."""

from __future__ import annotations

import pytest

from accounts.models import ManagedAccount, Rollout
from accounts.models.states import State, Status
from accounts.runs import rollouts
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.census import managing_run, runs_of
from script.emulated_organization import (
    ACCESS_ROLE,
    ADMINISTRATOR,
    MEMBERS,
    Credentials,
)
from tests.accounts.runs.carried import member, root
from tests.accounts.runs.rollouts.rows import approved, statuses, work
from tests.rows import person

pytestmark = pytest.mark.django_db(transaction=True)


def test_three_accounts_are_verified_with_one_change_of_the_managing_account(
    here: Credentials,
) -> None:
    accounts = [member(account) for account in MEMBERS[:3]]

    rollout = rollouts.start(accounts, Rollout.Kind.ONBOARD, None)
    work(rollout)
    planned = statuses(rollout)
    groups = {run.fingerprint for run in runs_of(rollout)}
    approved(rollout)
    work(rollout)

    rollout.refresh_from_db()
    errors = [run.error for run in rollout.runs.all() if run.error]
    assert planned == {Status.PLANNED: 3}
    assert len(groups) == 1
    assert errors == []
    assert statuses(rollout) == {Status.VERIFIED: 3}
    assert managing_run(rollout).status == Status.VERIFIED
    assert rollout.state == Rollout.State.FINISHED
    states = set(ManagedAccount.objects.values_list("state", flat=True))
    assert states == {State.VERIFIED}


def test_one_that_failed_is_fixed_and_retried(here: Credentials) -> None:
    """Somebody took what Bowline needs between the plan and the change."""
    accounts = [member(account) for account in MEMBERS[:2]]
    rollout = rollouts.start(accounts, Rollout.Kind.ONBOARD, None)
    work(rollout)
    iam = root(here, MEMBERS[0], "iam")
    permissions = {"RoleName": ACCESS_ROLE, "PolicyArn": ADMINISTRATOR}
    iam.detach_role_policy(**permissions)

    approved(rollout)
    work(rollout)
    rollout.refresh_from_db()
    ended, before = rollout.state, statuses(rollout)
    iam.attach_role_policy(**permissions)
    decisions.retry(rollout, person("operator"))
    work(rollout)
    approved(rollout)
    work(rollout)

    rollout.refresh_from_db()
    assert ended == Rollout.State.FINISHED
    assert before == {Status.FAILED: 1, Status.VERIFIED: 1}
    assert statuses(rollout) == {Status.VERIFIED: 2}
    assert rollout.state == Rollout.State.FINISHED
