"""kill -9 after every single change in AWS: nothing twice, nothing lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from subprocess import Popen

import pytest
from django.utils import timezone

from accounts.models import ManagingAccount, Run, Step
from accounts.models.states import WORKING, Status
from accounts.runs.actions import approve, plan
from accounts.runs.scope import Scope
from accounts.tasks import sweep
from onboarding.aws.session import Sessions
from script.emulated_organization import ACCESS_ROLE, MANAGING, MEMBERS, Credentials
from script.servers import wait_until
from tests.journey.deadly_proxy import deadly_proxy
from tests.rows import account_row, managing_row
from tests.servers import StartWorker

DEV = MEMBERS[0]
MOST_WORKERS = 100
"""More than there are changes."""


def let_time_pass(run: Run) -> None:
    """Move the dead worker's leases, and the message it had, into the past. The third
    takeover in a row would set the run aside: tests/accounts/workers/test_pool.py.
    """
    past = timezone.now() - timedelta(minutes=5)
    rows = Run.objects.filter(pk=run.pk)
    rows.update(leased_until=past, queued_at=past, takeovers=0)
    ManagingAccount.objects.update(leased_until=past)


def status_of(run: Run) -> str:
    return Run.objects.values_list("status", flat=True).get(pk=run.pk)


def carry_out(
    run: Run, workers: list[Popen[bytes]], start: Callable[[], Popen[bytes]]
) -> None:
    """Approve the plan, and start a worker after each that was killed, until it ends;
    it has as many steps then as were planned.
    """
    wait_until(lambda: status_of(run) == Status.PLANNED, what="It was not planned")
    planned = run.steps.count()
    assert approve(run, None)
    while status_of(run) in WORKING:
        wait_until(
            lambda: workers[-1].poll() is not None or status_of(run) not in WORKING,
            what=f"No change and no end after {len(workers)} workers",
            seconds=90,
        )
        if workers[-1].poll() is not None:
            assert len(workers) < MOST_WORKERS, "It never gets beyond a change"
            let_time_pass(run)
            sweep()
            workers.append(start())
    assert run.steps.count() == planned


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_after_each_change_leaves_the_same_end(
    own_aws: Credentials,
    celery_worker: StartWorker,
    tmp_path: Path,
) -> None:
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)
    account = account_row(DEV.name, account_id=DEV.account_id, access_role=ACCESS_ROLE)
    changes: list[str] = []
    workers: list[Popen[bytes]] = []
    environment = own_aws.environment

    def kill(change: str) -> bool:
        # Each worker that continues writes first who changes the managing account.
        if change == "Action=TagPolicy" and change in changes:
            return False
        changes.append(change)
        os.killpg(workers[-1].pid, signal.SIGKILL)
        return True

    with deadly_proxy(own_aws.endpoint, kill) as endpoint:
        environment = environment | {"AWS_ENDPOINT_URL": endpoint}
        run = plan(account, None)
        workers.append(celery_worker(**environment))
        wait_until(lambda: status_of(run) == Status.PLANNED, what="It was not planned")
        runs = [Run.objects.get(kind=Run.Kind.MANAGING), run]
        for run in runs:
            carry_out(run, workers, lambda: celery_worker(**environment))

    planned = Step.objects.count()
    run.refresh_from_db()
    left = [
        change
        for side in Scope.load(run).sides
        for change in side.compared(Sessions(run="after")).changes
    ]
    assert run.status == Status.VERIFIED, run.error
    assert left == []
    assert not Step.objects.exclude(status=Step.Status.DONE).exists()
    # A profile takes two calls; each other step was made by one call and never again.
    assert len(changes) >= planned
    assert len(changes) == len(workers) - 1
