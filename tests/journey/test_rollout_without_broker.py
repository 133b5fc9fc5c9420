"""The broker dies in the middle of a rollout, comes back empty, and it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import Rollout, Step
from accounts.models.states import Status
from accounts.runs import rollouts
from accounts.runs.actions import approve
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.census import managing_run, runs_of
from script.emulated_organization import MANAGING, MEMBERS, Credentials
from script.servers import broker, wait_until
from tests.accounts.runs.carried import member
from tests.journey.deadly_proxy import deadly_proxy
from tests.rows import managing_row, person
from tests.servers import StartWorker

DIES_AT, RETURNS_AT = 3, 20
"""Which change in AWS is the last one before it dies, or returns."""


class Broker:
    """The broker of tests.settings, which remembers nothing when it starts again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = int(settings.CELERY_BROKER_URL.split(":")[-1].split("/")[0])
        self.stack = ExitStack()
        self.times = 0

    def start(self) -> str:
        self.times += 1
        return self.stack.enter_context(broker(self.folder, port=self.port))

    def stop(self) -> None:
        self.stack.close()


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Broker]:
    own = Broker(tmp_path)
    yield own
    own.stop()


@pytest.fixture
def valkey(own_broker: Broker) -> str:
    return own_broker.start()


def has_come(rollout: Rollout, state: str) -> bool:
    return Rollout.objects.filter(pk=rollout.pk, state=state).exists()


@pytest.mark.django_db(transaction=True)
def test_a_rollout_goes_on_without_its_broker_and_with_an_empty_one(
    own_organization: Credentials,
    own_broker: Broker,
    celery_worker: StartWorker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in own_organization.environment.items():
        monkeypatch.setenv(name, value)
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)
    accounts = [member(account) for account in MEMBERS[:3]]
    olga = person("approver")
    changes: list[str] = []

    def hear(change: str) -> bool:
        changes.append(change)
        if len(changes) == DIES_AT:
            own_broker.stop()
        if len(changes) == RETURNS_AT:
            own_broker.start()
        return False

    with deadly_proxy(own_organization.endpoint, hear) as endpoint:
        rollout = rollouts.start(accounts, Rollout.Kind.ONBOARD, None)
        celery_worker(**own_organization.environment | {"AWS_ENDPOINT_URL": endpoint})
        wait_until(
            lambda: has_come(rollout, Rollout.State.PLANNED),
            what="It was not planned",
            seconds=90,
        )
        managing = managing_run(rollout)
        assert managing is not None
        (fingerprint,) = {run.fingerprint for run in runs_of(rollout)}
        assert decisions.approve_group(rollout, fingerprint, olga).plans == 3
        assert approve(managing, olga)
        wait_until(
            lambda: has_come(rollout, Rollout.State.FINISHED),
            what=f"No end after {len(changes)} changes",
            seconds=120,
        )

    runs = list(rollout.runs.order_by("number"))
    wrong = [run.error for run in runs if run.status != Status.VERIFIED]
    created = Step.objects.filter(verb="create", kind="role").count()
    assert wrong == []
    assert len(runs) == 4
    assert sorted(run.wave for run in runs if run.account) == [1, 2, 3]
    assert not Step.objects.exclude(status=Step.Status.DONE).exists()
    assert changes.count("Action=CreateRole") == created
    assert own_broker.times == 2
