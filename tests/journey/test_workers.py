"""Workers that are killed or stopped while they carry runs: others continue them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from accounts.models import ManagedAccount, Run, Step
from accounts.models.states import WORKING, Status
from accounts.runs.actions import approve, plan, plan_managing
from script.emulated_organization import MANAGING, Credentials
from script.servers import wait_until
from tests.journey import many
from tests.servers import StartWorker
from tests.strict_aws.proxy import strict_aws
from tests.strict_aws.trouble import Late

pytestmark = pytest.mark.django_db(transaction=True)

ACCOUNTS = 6


@pytest.fixture
def accounts(own_organization: Credentials) -> list[ManagedAccount]:
    return many.organization_of(own_organization, ACCOUNTS)


@pytest.fixture
def far_away(own_organization: Credentials) -> Iterator[dict[str, str]]:
    """Let AWS answer late, so that runs can be met half-way."""
    near = own_organization.endpoint
    with strict_aws(near, MANAGING.account_id, Late(0.1)) as aws:
        yield own_organization._replace(endpoint=aws.endpoint).environment


def all_end(*statuses: Status) -> None:
    wait_until(
        lambda: not Run.objects.filter(status__in=WORKING).exists(),
        what="Not all runs ended",
        seconds=90,
    )
    wrong = Run.objects.exclude(status__in=statuses)
    assert [(run.account_name, run.status, run.error) for run in wrong] == []


def approve_all() -> None:
    for run in Run.objects.filter(status=Status.PLANNED):
        assert approve(run, None)


def half_way() -> bool:
    """Return whether each of several runs has changed something, and none has ended."""
    begun = Step.objects.filter(status=Step.Status.DONE, run__status=Status.APPLYING)
    return begun.values("run").distinct().count() >= ACCOUNTS / 2


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_ends_half_way_leaves_its_runs_to_another(
    accounts: list[ManagedAccount],
    far_away: dict[str, str],
    celery_worker: StartWorker,
    how: signal.Signals,
) -> None:
    environment = far_away | {"STOP_SECONDS": "1", "REMAP_SIGTERM": "SIGQUIT"}
    ends = celery_worker(**environment)
    plan_managing(None, grants=accounts)
    all_end(Status.PLANNED)
    approve_all()
    all_end(Status.VERIFIED)
    for account in accounts:
        plan(account, None, alone=True)
    all_end(Status.PLANNED, Status.VERIFIED)
    approve_all()
    wait_until(half_way, what="They were not half-way", seconds=60)

    os.killpg(ends.pid, how) if how == signal.SIGKILL else ends.send_signal(how)
    ends.wait(30)
    held = Run.objects.filter(leased_until__isnull=False).count()
    left = Run.objects.filter(status__in=WORKING).count()
    celery_worker(**environment)
    all_end(Status.VERIFIED)

    assert left > 0
    assert (held > 0) is (how == signal.SIGKILL)
    assert not Step.objects.exclude(status=Step.Status.DONE).exists()
