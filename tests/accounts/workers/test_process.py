"""A worker's process carries what its queues are about, and ends without a trace."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.utils import timezone

from accounts import tasks
from accounts.models import Run
from accounts.models.states import WORKING, Status
from accounts.work import threads
from accounts.work.heartbeat import PEOPLE, SCHEDULE
from accounts.workers import pool as process
from accounts.workers.pool import Process
from script.servers import wait_until
from tests.rows import account_row, run_row

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def of_both(managing) -> tuple[Run, Run]:
    """Let a run of a person and one of the schedule wait."""
    runs = (
        run_row(
            Status.VERIFYING,
            kind=Run.Kind.VERIFY,
            account=account_row(name, account_id=account_id),
            started_from=origin,
        )
        for name, account_id, origin in (
            ("mine", "1" * 12, Run.Origin.PAGE),
            ("nightly", "2" * 12, Run.Origin.SCHEDULE),
        )
    )
    person, schedule = runs
    return person, schedule


@pytest.mark.parametrize(
    ("queues", "found"),
    [
        ([PEOPLE], ["mine"]),
        ([SCHEDULE], ["nightly"]),
        ([PEOPLE, SCHEDULE], ["mine", "nightly"]),
        (["another"], []),
    ],
)
def test_it_carries_what_its_queues_are_about(
    of_both: tuple[Run, Run], queues: list[str], found: list[str]
) -> None:
    process = Process(queues)

    carried = [
        run.account_name
        for pool in process.pools
        for run in Run.objects.filter(pool.runs)
    ]

    assert carried == found


def test_the_schedule_has_threads_of_its_own(settings: Any) -> None:
    settings.RUN_THREADS, settings.SCHEDULE_THREADS = 5, 3

    people, schedule = Process([PEOPLE, SCHEDULE]).pools

    assert (people.threads, schedule.threads) == (5, 3)


def test_each_queue_gets_its_own_messages_only() -> None:
    queues = current_app.amqp.queues

    keys = {name: (q.exchange.name, q.routing_key) for name, q in queues.items()}

    assert keys == {PEOPLE: (PEOPLE, PEOPLE), SCHEDULE: (SCHEDULE, SCHEDULE)}


def test_what_does_not_end_in_time_is_free_for_other_workers(
    of_both: tuple[Run, Run],
) -> None:
    run, _ = of_both
    process = Process([PEOPLE])
    (pool,) = process.pools
    over = threading.Event()
    pool.carry = lambda _: over.wait(60)
    process.start()
    wait_until(lambda: pool.at_work, what="It was not carried")
    held = Run.objects.waiting().filter(pk=run.pk).exists()

    process.stop(seconds=0)
    thread = pool.at_work[run.pk]
    is_free = Run.objects.waiting().filter(pk=run.pk).exists()
    over.set()
    thread.join(30)

    assert (held, is_free) == (False, True)


def test_a_process_extends_what_it_holds(of_both: tuple[Run, Run]) -> None:
    run, _ = of_both
    run.take_lease()
    soon = timezone.now() + timedelta(seconds=1)
    Run.objects.filter(pk=run.pk).update(leased_until=soon)

    with threads.leases_extended(every=0.05):
        wait_until(
            lambda: Run.objects.get(pk=run.pk).leased_until > soon,
            what="It was not extended",
        )

    run.free_lease()


def test_a_process_closes_connections_to_aws_that_nothing_uses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed = threading.Event()
    monkeypatch.setattr(process, "close_unused_connections", closed.set)
    monkeypatch.setattr(process, "UNUSED", 0.01)
    of_nothing = process.Process([])

    of_nothing.start()
    was_closed = closed.wait(30)
    of_nothing.stop(seconds=1)

    assert was_closed


def test_a_message_wakes_the_process_that_receives_it(
    of_both: tuple[Run, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = of_both
    woken: list[str] = []
    waked = Process([])
    monkeypatch.setattr(waked, "wake", woken.append)
    monkeypatch.setattr(tasks, "process", waked)

    tasks.carry_on("run", str(run.pk))

    assert woken == [str(run.pk)]
    assert Run.objects.filter(status__in=WORKING).count() == 2
