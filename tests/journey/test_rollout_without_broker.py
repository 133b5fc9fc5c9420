"""The broker dies in the middle of a rollout, comes back empty, and it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import Rollout
from accounts.runs import rollouts
from script.emulated_organization import Credentials
from script.servers import broker, wait_until
from tests.journey import many
from tests.journey.deadly_proxy import deadly_proxy
from tests.servers import StartWorker

DIES_AT, RETURNS_AT = 3, 6 * many.ACCOUNTS
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
        log = self.folder / "valkey.log"
        self.stack.enter_context(broker(self.folder, port=self.port, log=log))
        return str(settings.CELERY_BROKER_URL)

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


@pytest.mark.django_db(transaction=True)
def test_a_rollout_goes_on_without_its_broker_and_with_an_empty_one(
    own_aws: Credentials,
    own_broker: Broker,
    celery_worker: StartWorker,
) -> None:
    accounts = many.organization_of(own_aws)
    heard = many.Heard()

    def hear(change: str) -> bool:
        number = heard.number(change)
        if number == DIES_AT:
            own_broker.stop()
        if number == RETURNS_AT:
            own_broker.start()
        return False

    with deadly_proxy(own_aws.endpoint, hear) as endpoint:
        rollout = rollouts.start(accounts, Rollout.Kind.ONBOARD, None)
        celery_worker(**own_aws.environment | {"AWS_ENDPOINT_URL": endpoint})
        many.approve_all(rollout)
        wait_until(
            lambda: many.state_of(rollout) == Rollout.State.FINISHED,
            what=f"No end after {len(heard.changes)} changes",
            seconds=many.PATIENCE,
        )

    many.assert_it_ended_as_any_other(rollout, heard.changes)
    assert own_broker.times == 2
