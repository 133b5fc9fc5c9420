"""A pool carries what waits, so many at once, whatever one of the runs does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, connections
from django.db.models import Q
from django.utils import timezone

from accounts.models import Run, lease
from accounts.models.states import WORKING, State, Status
from accounts.runs.rollouts.decisions import approve_group
from accounts.runs.rollouts.engine import advance
from accounts.runs.stages import MOST_TAKEOVERS, carry_leased
from accounts.workers import pool as pools
from accounts.workers.pool import Carrier, RunPool
from script.servers import wait_until
from tests.accounts.runs.rollouts import rows as rollouts
from tests.rows import account_row, managing_row, person, run_row

pytestmark = pytest.mark.django_db(transaction=True)

Carry = Callable[[Run], None]


def finish(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(status=Status.VERIFIED)
    run.free_lease()


def waiting(count: int, **fields: Any) -> list[Run]:
    managing_row()
    return [
        run_row(
            Status.APPLYING,
            account=account_row(f"a{n}", account_id=f"{n:012}"),
            **fields,
        )
        for n in range(count)
    ]


@contextmanager
def at_work(carry: Carry, *, threads: int) -> Iterator[RunPool]:
    pool = RunPool(Q(), threads, carry)
    pool.start()
    with ExitStack() as stack:
        stack.callback(pool.stop, seconds=30)
        yield pool


def ended(*runs: Run) -> bool:
    ids = [run.pk for run in runs]
    return not Run.objects.filter(pk__in=ids, status__in=WORKING).exists()


def test_a_run_that_hangs_does_not_hold_up_the_others() -> None:
    hanging, *others = waiting(5)
    over = threading.Event()

    def carry(run: Run) -> None:
        if run.pk == hanging.pk:
            over.wait()
        finish(run)

    with at_work(carry, threads=2):
        wait_until(lambda: ended(*others), what="The others did not end")
        assert not ended(hanging)
        over.set()
        wait_until(lambda: ended(hanging), what="It did not end")


class Worker:
    """A process that a poisonous run ends as soon as it is carried, with all others
    that are at work there.
    """

    def __init__(self, poison: Run) -> None:
        self.poison = poison
        self.pool = RunPool(Q(), 32)
        self.pool.free_carrier = partial(Carrier, self.pool)  # type: ignore[method-assign]

    def lives(self) -> bool:
        """Carry what it takes; return whether it is alive afterwards."""
        self.pool.take()
        taken = Run.objects.filter(pk__in=self.pool.at_work)
        for run in sorted(taken, key=lambda run: run.pk != self.poison.pk):
            if run.pk != self.poison.pk:
                assert run.takeovers <= MOST_TAKEOVERS
                finish(run)
            elif run.takeovers <= MOST_TAKEOVERS:
                taken.update(leased_until=lease_end())
                return False
            else:
                carry_leased(run)
        self.pool.at_work.clear()
        return True


def test_a_run_that_ends_each_worker_ends_alone_the_third_time() -> None:
    """Others share its fate twice, and never as often as it."""
    poison, *others = waiting(60)
    worker, deaths = Worker(poison), 0

    while deaths < 2 + MOST_TAKEOVERS and not ended(poison, *others):
        if not worker.lives():
            worker, deaths = Worker(poison), deaths + 1

    poison.refresh_from_db()
    assert deaths == 1 + MOST_TAKEOVERS
    assert poison.status == Status.ERRORED
    assert poison.error["message"] == (
        "3 workers stopped while they worked on a0 in this run, so no other one takes "
        "it over."
    )
    assert poison.account.state == State.FAILED
    states = {*Run.objects.exclude(pk=poison.pk).values_list("status", flat=True)}
    assert states == {Status.VERIFIED}


def test_new_runs_go_on_while_one_is_suspected() -> None:
    runs = waiting(40)
    suspects = Run.objects.filter(pk__in=[run.pk for run in runs[:20]])
    suspects.update(lease=uuid4(), leased_until=lease_end(), takeovers=1)
    pool = Worker(runs[0]).pool

    pool.take()
    pool.take()

    assert len({*pool.at_work} & {*suspects.values_list("pk", flat=True)}) == 1
    assert len(pool.at_work) == 21


def lease_end() -> datetime:
    return timezone.now() - lease.LEASE


def test_a_worker_that_lets_go_counts_against_no_run() -> None:
    (run,) = waiting(1)

    for _ in range(5):
        assert run.take_lease()
        Run.objects.update(leased_until=lease_end())
        assert run.take_lease()
        run.free_lease()

    run.refresh_from_db()
    assert run.takeovers == 1


def test_no_more_runs_than_threads_are_carried_at_once() -> None:
    runs = waiting(6)
    both = threading.Barrier(2)
    counts: list[int] = []

    def carry(run: Run) -> None:
        both.wait(30)  # two are carried together, and never one alone
        counts.append(Run.objects.filter(leased_until__isnull=False).count())
        both.wait(30)
        finish(run)

    with at_work(carry, threads=2):
        wait_until(lambda: ended(*runs), what="They did not end")

    assert set(counts) == {2}


def test_the_run_that_a_message_names_comes_first() -> None:
    first, *_, last = waiting(4)
    order: list[Any] = []
    named = threading.Event()

    def carry(run: Run) -> None:
        order.append(run.pk)
        named.wait(30)
        finish(run)

    with at_work(carry, threads=1) as pool:
        wait_until(lambda: order, what="None was carried")
        pool.wake(str(last.pk))
        named.set()
        wait_until(lambda: ended(first, last), what="They did not end")

    assert order[:2] == [first.pk, last.pk]


def test_one_search_finds_runs_for_several_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pools, "FOUND_FOR", 60.0)
    runs = waiting(6)
    order: list[Any] = []
    searches: list[Any] = []
    search = RunPool.search

    def counted(pool: RunPool) -> Any:
        searches.append(len(order))
        return search(pool)

    def carry(run: Run) -> None:
        order.append(run.pk)
        finish(run)

    monkeypatch.setattr(RunPool, "search", counted)
    with at_work(carry, threads=1):
        wait_until(lambda: ended(*runs), what="They did not end")

    assert order == [run.pk for run in runs]
    assert not {1, 2, 3, 4, 5} & {*searches}


def test_a_run_that_moved_since_it_was_found_is_not_carried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pools, "FOUND_FOR", 60.0)
    first, moved, taken, last = waiting(4)
    began, over = threading.Event(), threading.Event()
    order: list[Any] = []

    def carry(run: Run) -> None:
        order.append(run.pk)
        began.set()
        over.wait(30)
        finish(run)

    with at_work(carry, threads=1):
        began.wait(30)
        Run.objects.filter(pk=moved.pk).update(status=Status.VERIFIED)
        assert taken.take_lease()
        over.set()
        wait_until(lambda: ended(first, last), what="They did not end")

    assert order == [first.pk, last.pk]


def test_what_was_found_a_while_ago_is_searched_for_again() -> None:
    over, waits = waiting(2)
    pool = RunPool(Q(), 2, finish)
    pool.found.extend([over, waits])
    Run.objects.filter(pk=over.pk).update(status=Status.VERIFIED)

    pool.found_at = time.monotonic() - pools.FOUND_FOR - 1

    assert [*pool.waiting(2)] == [waits]


def test_a_run_that_a_thread_carries_already_is_not_found_again() -> None:
    carried, waits = waiting(2)
    pool = RunPool(Q(), 2, finish)
    pool.found.extend([carried, waits])

    pool.at_work[carried.pk] = pools.Carrier(pool)

    assert [*pool.found_before()] == [waits]


def test_a_rollout_of_which_many_runs_end_is_advanced_once_in_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    advanced: list[int] = []
    monkeypatch.setattr(pools, "advance", advanced.append)
    pool = RunPool(Q(), 2, finish)
    pool.ended = {1}
    pool.advance_ended()
    pool.ended = {1}

    pool.advance_ended()

    assert advanced == [1]
    pool.advanced_at -= pools.ADVANCES_EVERY
    pool.advance_ended()
    assert advanced == [1, 1]
    assert not pool.ended


def test_a_run_that_stops_is_tried_again_and_others_continue(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pools, "LOOKS_EVERY", 0.1)
    stops, other = waiting(2)
    attempts: list[Any] = []

    def carry(run: Run) -> None:
        attempts.append(run.pk)
        if attempts.count(stops.pk) == 1 and run.pk == stops.pk:
            run.free_lease()
            raise OperationalError("The database restarts.")
        finish(run)

    with at_work(carry, threads=1):
        wait_until(lambda: ended(stops, other), what="They did not end")

    assert attempts.count(stops.pk) == 2
    said = f"Run {stops.reference} stopped, and is continued soon."
    assert f"{said} The database restarts." in caplog.messages
    assert "Traceback" not in caplog.text


def test_a_run_goes_on_soon_whose_lease_the_database_did_not_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pools, "LOOKS_EVERY", 0.1)
    monkeypatch.setattr(lease, "LEASE", timedelta(hours=1))
    (stops,) = waiting(1)
    attempts: list[Any] = []

    def refusal(*_: Any) -> None:
        raise OperationalError("The database restarts.")

    def carry(run: Run) -> None:
        attempts.append(run.pk)
        if len(attempts) > 1:
            finish(run)
            return
        with connection.execute_wrapper(refusal):
            run.free_lease()

    with at_work(carry, threads=1):
        wait_until(lambda: ended(stops), what="It did not end")

    assert len(attempts) == 2


def test_a_message_that_names_nothing_stops_no_pool() -> None:
    (run,) = waiting(1)
    run.take_lease()

    with at_work(finish, threads=1) as pool:
        pool.wake("no run's name")
        pool.wake("00000000-0000-0000-0000-000000000000")
        run.free_lease()
        wait_until(lambda: ended(run), what="It did not end", seconds=15)


def test_each_thread_closes_its_connection() -> None:
    (run,) = waiting(1)
    used: list[Any] = []

    def carry(run: Run) -> None:
        finish(run)
        used.append(connections["default"])
        assert used[0].connection is not None

    with at_work(carry, threads=1):
        wait_until(lambda: ended(run), what="It did not end")

    assert used[0].connection is None


def test_a_thread_carries_one_run_after_another() -> None:
    runs = waiting(3)
    used: list[threading.Thread] = []

    def carry(run: Run) -> None:
        used.append(threading.current_thread())
        finish(run)

    with at_work(carry, threads=1):
        wait_until(lambda: ended(*runs), what="They did not end")

    assert len(used) == 3
    assert len({*used}) == 1
    assert not used[0].is_alive()


def test_a_thread_without_a_run_ends_and_the_next_run_gets_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pools, "IDLE", 0.01)
    first, second = waiting(2)
    second.take_lease()
    used: list[threading.Thread] = []

    def carry(run: Run) -> None:
        used.append(threading.current_thread())
        finish(run)

    with at_work(carry, threads=1) as pool:
        wait_until(lambda: ended(first), what="It did not end")
        wait_until(lambda: not used[0].is_alive(), what="Its thread did not end")
        second.free_lease()
        pool.wake(str(second.pk))
        wait_until(lambda: ended(second), what="The other one did not end")
        wait_until(lambda: not pool.idle, what="Its thread did not end")

    assert len({*used}) == 2


@pytest.mark.skipif(connection.vendor == "sqlite", reason="it has no server")
def test_a_connection_that_broke_while_idle_stops_no_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = waiting(2)
    second.take_lease()
    sessions: list[int] = []

    def carry(run: Run) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            sessions.append(cursor.fetchone()[0])
        finish(run)

    with at_work(carry, threads=1) as pool:
        wait_until(lambda: ended(first) and pool.idle, what="It did not end")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", sessions)
        second.free_lease()
        pool.wake(str(second.pk))
        wait_until(lambda: ended(second), what="The other one did not end")

    assert len({*sessions}) == 2
    assert "stopped" not in caplog.text


def test_a_rollout_goes_on_as_soon_as_its_run_ends(managing) -> None:
    rollout = rollouts.started(12)
    rollouts.plan(rollout)
    approve_group(rollout, rollouts.SAME, person("approver"))
    advance(rollout.number)
    first, *_ = list(Run.objects.filter(status=Status.APPLYING))

    with at_work(finish, threads=2):
        wait_until(lambda: ended(first), what="It did not end")
        wait_until(
            lambda: rollouts.statuses(rollout) == {Status.VERIFIED: 12},
            what="The other waves did not come",
        )


def test_a_rollout_goes_on_although_the_database_was_away_when_its_run_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pools, "LOOKS_EVERY", 0.1)
    managing_row()
    rollout = rollouts.started(12)
    rollouts.plan(rollout)
    approve_group(rollout, rollouts.SAME, person("approver"))
    advance(rollout.number)
    attempts: list[int] = []

    def advance_later(number: int) -> None:
        attempts.append(number)
        if len(attempts) == 1:
            raise OperationalError("The database restarts.")
        advance(number)

    monkeypatch.setattr(pools, "advance", advance_later)
    with at_work(finish, threads=2):
        wait_until(
            lambda: rollouts.statuses(rollout) == {Status.VERIFIED: 12},
            what="The other waves did not come",
        )


def test_a_pool_that_stops_takes_no_further_run() -> None:
    first, second = waiting(2)
    carried, over = threading.Event(), threading.Event()

    def carry(run: Run) -> None:
        carried.set()
        over.wait(30)
        finish(run)

    pool = RunPool(Q(), 1, carry)
    pool.start()
    carried.wait(30)
    pool.stopped.set()
    over.set()
    pool.stop(seconds=30)

    assert ended(first)
    assert not ended(second)
    assert not second.leased_until
