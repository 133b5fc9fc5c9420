"""kill -9 in the middle of a rollout: nothing twice, nothing lost, no wave skipped."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from subprocess import Popen

import pytest
from django.utils import timezone

from accounts.models import ManagingAccount, Rollout, Run
from accounts.runs import rollouts
from accounts.tasks import sweep
from script.emulated_organization import Credentials
from script.servers import wait_until
from tests.journey import many
from tests.journey.deadly_proxy import deadly_proxy
from tests.servers import StartWorker

KILLED_AT = (1, 6, 18, 6 * many.ACCOUNTS)
"""Which change in AWS a worker does not survive: the managing account's first, one of
the first wave, and later ones."""


def let_time_pass(rollout: Rollout) -> None:
    """Move the dead worker's leases, and the messages it had, into the past."""
    past = timezone.now() - timedelta(minutes=5)
    Run.objects.filter(rollout=rollout).update(leased_until=past, queued_at=past)
    ManagingAccount.objects.update(leased_until=past)


@pytest.mark.django_db(transaction=True)
def test_a_rollout_whose_workers_are_killed_ends_as_any_other(
    own_aws: Credentials, celery_worker: StartWorker
) -> None:
    accounts = many.organization_of(own_aws)
    heard = many.Heard()
    workers: list[Popen[bytes]] = []

    def kill(change: str) -> bool:
        if heard.number(change) not in KILLED_AT:
            return False
        os.killpg(workers[-1].pid, signal.SIGKILL)
        return True

    with deadly_proxy(own_aws.endpoint, kill) as endpoint:
        environment = own_aws.environment | {"AWS_ENDPOINT_URL": endpoint}
        rollout = rollouts.start(accounts, Rollout.Kind.ONBOARD, None)
        workers.append(celery_worker(**environment))
        many.approve_all(rollout)
        while many.state_of(rollout) != Rollout.State.FINISHED:
            wait_until(
                lambda: (
                    workers[-1].poll() is not None
                    or many.state_of(rollout) == Rollout.State.FINISHED
                ),
                what=f"No change and no end after {len(heard.changes)} changes",
                seconds=many.PATIENCE,
            )
            if workers[-1].poll() is not None:
                let_time_pass(rollout)
                sweep()
                workers.append(celery_worker(**environment))

    many.assert_it_ended_as_any_other(rollout, heard.changes)
    assert len(workers) == len(KILLED_AT) + 1
