"""A rollout of many accounts on a bad day: 12, or as many as ROLLOUT_ACCOUNTS says."""

from __future__ import annotations

import os
from itertools import count

import boto3
from django.db import OperationalError, connection
from django.db.models.functions import Now

from accounts.models import ManagedAccount, Rollout, Run, Step
from accounts.models.states import Status
from accounts.runs.actions import approve
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.census import managing_run, runs_of
from script.emulated_organization import (
    ACCESS_ROLE,
    MANAGING,
    Account,
    Credentials,
    Edge,
)
from script.servers import wait_until
from tests.rows import account_row, managing_row, person
from tests.servers import seed_member

ACCOUNTS = int(os.environ.get("ROLLOUT_ACCOUNTS") or 12)
PATIENCE = 120 + 4 * ACCOUNTS
"""Seconds for what a quiet machine does in a tenth of them."""


def organization_of(
    here: Credentials, accounts: int = ACCOUNTS
) -> list[ManagedAccount]:
    """Describe a managing account, and as many that Bowline may work in."""
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)
    session = boto3.Session()
    found = []
    for number in range(accounts):
        account = Account(name=f"m-{number}", account_id=str(500_000_000_000 + number))
        edge = Edge(session, here.endpoint, account)
        seed_member(edge, account)
        row = account_row(
            account.name, account_id=account.account_id, access_role=ACCESS_ROLE
        )
        found.append(row)
    return found


class Heard:
    """The changes in AWS so far, in their order."""

    def __init__(self) -> None:
        self.changes: list[str] = []
        self._numbers = count(1)

    def number(self, change: str) -> int:
        """Count one more change; no two threads are given the same number."""
        self.changes.append(change)
        return next(self._numbers)


def state_of(rollout: Rollout) -> str:
    """Return its state; nothing while the database is away."""
    try:
        return Rollout.objects.values_list("state", flat=True).get(pk=rollout.pk)
    except OperationalError:
        connection.close()
        return ""


def approve_all(rollout: Rollout) -> None:
    """Approve a rollout once it is planned, and its managing account."""
    wait_until(
        lambda: state_of(rollout) == Rollout.State.PLANNED,
        what="It was not planned",
        seconds=PATIENCE,
    )
    olga = person("approver")
    managing = managing_run(rollout)
    assert managing is not None
    assert approve(managing, olga)
    (fingerprint,) = {run.fingerprint for run in runs_of(rollout)}
    assert len(decisions.approve_group(rollout, fingerprint, olga).done) == ACCOUNTS


def assert_it_ended_as_any_other(rollout: Rollout, changes: list[str]) -> None:
    """Nothing twice, nothing lost, and no wave skipped."""
    runs = list(rollout.runs.order_by("number").select_related("account"))
    created = Step.objects.filter(verb="create", kind="role").count()
    waves = sorted(run.wave for run in runs if run.account)
    assert [run.error for run in runs if run.status != Status.VERIFIED] == []
    assert state_of(rollout) == Rollout.State.FINISHED
    assert len(runs) == ACCOUNTS + 1
    assert waves.count(1) == 1
    assert {*waves} == {1, 2, 3}
    assert {run.account.state for run in runs if run.account} == {"verified"}
    assert not Step.objects.exclude(status=Step.Status.DONE).exists()
    assert changes.count("Action=CreateRole") == created
    held = Run.objects.filter(leased_until__gt=Now())
    wait_until(lambda: not held.exists(), what="Not every run was let go of")
