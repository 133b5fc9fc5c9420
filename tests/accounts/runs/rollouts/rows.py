"""Rollouts for tests, and their runs moved by hand."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from accounts.models import ManagedAccount, Rollout, Run
from accounts.models.states import WORKING, Status
from accounts.runs import rollouts
from accounts.runs.actions import approve
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.census import managing_run, runs_of
from accounts.runs.rollouts.engine import advance
from onboarding.spinnaker.entries import entry_documents
from onboarding.topology import Permissions
from tests.accounts.runs.carried import carried
from tests.factories import managed, provider, topology
from tests.rows import account_row, decider

SAME = "5a" * 16
DIGEST = "d1" * 32


def accounts(count: int, **fields: Any) -> list[ManagedAccount]:
    return [
        account_row(f"team-{number:03}", account_id=f"{number:012}", **fields)
        for number in range(1, count + 1)
    ]


def started(count: int = 12, by: Any = None, **fields: Any) -> Rollout:
    return rollouts.start(accounts(count, **fields), Rollout.Kind.ONBOARD, by)


def plan(rollout: Rollout, fingerprint: str = SAME) -> None:
    """Let the accounts wait for approval, and the managing account be verified."""
    made = {"fingerprint": fingerprint, "plan_digest": DIGEST}
    move(rollout, Status.PLANNING, Status.PLANNED, **made)
    managing = managing_run(rollout)
    Run.objects.filter(pk=managing and managing.pk).update(status=Status.VERIFIED)
    advance(rollout.number)
    rollout.refresh_from_db()


def describe(run: Run, *teams: str, read: tuple[str, ...] = (), **details: Any) -> None:
    """Let the plan add the account to Spinnaker, where these can deploy to it."""
    permissions = Permissions(read=read, write=teams)
    fields = {"name": run.account_name, "permissions": permissions}
    after = entry_documents(topology(managed(provider("ec2", **details), **fields)))
    Run.objects.filter(pk=run.pk).update(entries={"before": [], "after": after})


def move(
    rollout: Rollout, since: Status, to: Status, most: int = 1000, **fields: Any
) -> None:
    """Move so many of the accounts' runs, as a worker would, and let it go on."""
    runs = runs_of(rollout).filter(status=since).order_by("number")
    keys = list(runs.values_list("pk", flat=True)[:most])
    Run.objects.filter(pk__in=keys).update(status=to, **fields)
    advance(rollout.number)
    rollout.refresh_from_db()


def statuses(rollout: Rollout) -> dict[str, int]:
    found: dict[str, int] = {}
    for status in runs_of(rollout).values_list("status", flat=True):
        found[status] = found.get(status, 0) + 1
    return found


def work(rollout: Rollout) -> None:
    """Be the worker: carry on what waits for one, and let the rollout start more."""
    while True:
        advance(rollout.number)
        waiting = Run.objects.filter(rollout=rollout, status__in=WORKING)
        run = waiting.order_by("number").first()
        if run is None:
            return
        carried(run)


def approved(rollout: Rollout) -> None:
    """Approve what waits: the managing account, then each group."""
    olga = User.objects.filter(username="approver").first() or decider("approver")
    managing = managing_run(rollout)
    if managing and managing.status == Status.PLANNED:
        assert approve(managing, olga)
    waiting = runs_of(rollout).filter(status=Status.PLANNED)
    for fingerprint in {run.fingerprint for run in waiting}:
        decisions.approve_group(rollout, fingerprint, olga)
