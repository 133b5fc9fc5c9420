"""kill -9 in the middle of a rollout: nothing twice, nothing lost, no wave skipped."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from subprocess import Popen

import pytest
from django.utils import timezone

from accounts.models import ManagingAccount, Rollout, Run, Step
from accounts.models.states import Status
from accounts.runs import rollouts
from accounts.runs.actions import approve
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.census import managing_run, runs_of
from accounts.tasks import sweep
from script.emulated_organization import MANAGING, MEMBERS, Credentials
from script.servers import wait_until
from tests.accounts.runs.carried import member
from tests.journey.deadly_proxy import deadly_proxy
from tests.rows import managing_row, person
from tests.servers import StartWorker

KILLED_AT = (1, 6, 18, 30)
"""Which change in AWS a worker does not survive: the managing account's first, one of
the first wave, and later ones."""


def let_time_pass(rollout: Rollout) -> None:
    """Move the dead worker's leases, and the messages it had, into the past."""
    past = timezone.now() - timedelta(minutes=5)
    Run.objects.filter(rollout=rollout).update(leased_until=past, queued_at=past)
    ManagingAccount.objects.update(leased_until=past)


def state_of(rollout: Rollout) -> str:
    return Rollout.objects.values_list("state", flat=True).get(pk=rollout.pk)


@pytest.mark.django_db(transaction=True)
def test_a_rollout_whose_workers_are_killed_ends_as_any_other(
    own_organization: Credentials,
    celery_worker: StartWorker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in own_organization.environment.items():
        monkeypatch.setenv(name, value)
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)
    accounts = [member(account) for account in MEMBERS[:3]]
    olga = person("approver")
    changes: list[str] = []
    workers: list[Popen[bytes]] = []

    def kill(change: str) -> bool:
        changes.append(change)
        if len(changes) not in KILLED_AT:
            return False
        os.killpg(workers[-1].pid, signal.SIGKILL)
        return True

    with deadly_proxy(own_organization.endpoint, kill) as endpoint:
        environment = own_organization.environment | {"AWS_ENDPOINT_URL": endpoint}
        rollout = rollouts.start(accounts, Rollout.Kind.ONBOARD, None)
        workers.append(celery_worker(**environment))
        waits = Rollout.State.PLANNED
        wait_until(
            lambda: state_of(rollout) == waits, what="It was not planned", seconds=90
        )
        managing = managing_run(rollout)
        assert managing is not None
        assert approve(managing, olga)
        (fingerprint,) = {run.fingerprint for run in runs_of(rollout)}
        assert decisions.approve_group(rollout, fingerprint, olga).plans == 3
        while state_of(rollout) == Rollout.State.APPLYING or state_of(rollout) == waits:
            wait_until(
                lambda: (
                    workers[-1].poll() is not None
                    or state_of(rollout) == Rollout.State.FINISHED
                ),
                what=f"No change and no end after {len(changes)} changes",
                seconds=120,
            )
            if workers[-1].poll() is not None:
                let_time_pass(rollout)
                sweep()
                workers.append(celery_worker(**environment))

    runs = list(rollout.runs.order_by("number"))
    wrong = [run.error for run in runs if run.status != Status.VERIFIED]
    assert wrong == []
    assert state_of(rollout) == Rollout.State.FINISHED
    assert len(runs) == 4
    assert sorted(run.wave for run in runs if run.account) == [1, 2, 3]
    assert not Step.objects.exclude(status=Step.Status.DONE).exists()
    assert len(workers) == len(KILLED_AT) + 1
