"""kill -9 in a delivery of 500 accounts: nothing twice, nothing foreign touched."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import DeliveredAccount, Delivery
from accounts.spinnaker.deliveries.decisions import approve, start
from onboarding.delivery.transport import Answer
from script.servers import running, wait_until
from tests.accounts.spinnaker.connecting import spinnaker_row
from tests.accounts.spinnaker.deliveries.many import many_proved
from tests.accounts.spinnaker.deliveries.slow_gate import SlowGate
from tests.onboarding.delivery import strict_gate
from tests.onboarding.delivery.accounts import foreign
from tests.onboarding.delivery.strict_gate import Served, error, served
from tests.rows import managing_row
from tests.servers import on_the_tests_database

MANY = 500
ALLOWED = {"SPINNAKER_ALLOWED_NETWORKS": "127.0.0.0/8", "SPINNAKER_ALLOW_HTTP": "true"}
FOREIGN = {name: foreign(name) for name in ("theirs", "account-of-theirs")}
Status = Delivery.Status


@dataclass
class DeadlyGate(SlowGate):
    """Kills the worker that sends the nth account: before it is stored, or after."""

    kills: dict[int, str] = field(default_factory=dict)
    kill: Callable[[], None] = print

    def put(self, body: Any) -> Answer:
        when = self.kills.pop(len(self.saved), "")
        if when == "before":
            self.kill()
            return error(500)
        answer = super().put(body)
        if when == "after":
            self.kill()
        return answer


def status_of(delivery: Delivery) -> str:
    return Delivery.objects.values_list("status", flat=True).get(pk=delivery.pk)


def let_time_pass() -> None:
    """Move the dead worker's lease, and the message it had, into the past."""
    past = timezone.now() - timedelta(minutes=5)
    Delivery.objects.update(leased_until=past, queued_at=past, look_at=None)


@dataclass
class Workers:
    """One worker after another: where one is killed, the next one continues."""

    log: Path
    stack: ExitStack
    begun: list[Popen[bytes]] = field(default_factory=list)

    def begin(self) -> None:
        command = [sys.executable, "-m", "tests.journey.delivering_worker"]
        environment = on_the_tests_database("redis://127.0.0.1:1") | ALLOWED
        worker = running(command, environment=environment, log=self.log)
        self.begun.append(self.stack.enter_context(worker))

    def kill(self) -> None:
        self.begun[-1].send_signal(signal.SIGKILL)

    def is_dead(self) -> bool:
        return self.begun[-1].poll() is not None

    def carry(self, delivery: Delivery, until: str) -> None:
        """Wait until it has that status, or has ended; pass its pauses at once."""
        ends = {until, *Delivery.UNSUCCESSFUL}
        paused = Delivery.objects.filter(look_at__isnull=False, lease=None)

        def moved() -> bool:
            return self.is_dead() or status_of(delivery) in ends or paused.exists()

        while status_of(delivery) not in ends:
            wait_until(moved, what=f"{delivery} does not move", seconds=180)
            paused.update(look_at=None)
            if self.is_dead():
                let_time_pass()
                self.begin()


@pytest.fixture
def delivering_workers(transactional_db: None, tmp_path: Path) -> Iterator[Workers]:
    with ExitStack() as stack:
        yield Workers(tmp_path / "workers.log", stack)


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_leaves_nothing_twice_and_nothing_foreign(
    delivering_workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strict_gate, "CACHED_SECONDS", 0.2)
    managing_row()
    many_proved(MANY)
    workers = delivering_workers
    gate = DeadlyGate(
        period=1.0,
        stored={name: dict(one) for name, one in FOREIGN.items()},
        kills={123: "after", 345: "before"},
        kill=workers.kill,
    )

    with served(Served(gate)) as here:
        spinnaker_row(here.url, poll_seconds=5)
        workers.begin()
        delivery = start(None)
        workers.carry(delivery, Status.PLANNED)
        delivery.refresh_from_db()
        assert approve(delivery, None), delivery.error
        workers.carry(delivery, Status.LOADED)
        writes = len(gate.writes)
        again = start(None)
        workers.carry(again, Status.LOADED)

    delivery.refresh_from_db()
    assert delivery.status == Status.LOADED, delivery.error
    assert len(workers.begun) == 3
    assert set(Counter(gate.saved).values()) == {1}
    assert len(gate.saved) == MANY
    assert {name: gate.stored[name] for name in FOREIGN} == FOREIGN
    assert not {name for name in FOREIGN if name in str(gate.writes)}
    assert not delivery.steps.exclude(seen_at__isnull=False, error="").exists()
    assert DeliveredAccount.objects.exclude(loaded_at=None).count() == MANY
    assert (status_of(again), len(gate.writes)) == (Status.LOADED, writes)
