"""A thread that hangs on an answer of AWS's is replaced once its lease has run out."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from functools import partial

import boto3
import pytest
from django.db.models import Q
from django.utils import timezone

from accounts.models import Run, lease
from accounts.models.states import Status
from accounts.workers import pool as pools
from accounts.workers.pool import RunPool
from script.servers import LOOPBACK, wait_until
from tests.rows import account_row, managing_row, run_row

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 2


@pytest.fixture
def never_ending(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield an AWS whose answer never ends: a byte now and then, so that no timeout of
    the connection ends it either.
    """
    monkeypatch.setattr(pools, "LOOKS_EVERY", 0.05)
    over = threading.Event()
    server = socket.create_server((LOOPBACK, 0))

    def dribble(connection: socket.socket) -> None:
        with closing(connection), suppress(OSError):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not over.wait(0.1):
                connection.sendall(b" ")

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                threading.Thread(target=dribble, args=[connection], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield f"http://{LOOPBACK}:{server.getsockname()[1]}"
    over.set()
    server.close()


def waiting(count: int) -> list[Run]:
    managing_row()
    return [
        run_row(Status.APPLYING, account=account_row(f"a{n}", account_id=f"{n:012}"))
        for n in range(count)
    ]


class Carrier:
    """Asks an AWS whose answer never ends about some runs; the others end well."""

    def __init__(self, endpoint: str, hanging: set[str]) -> None:
        self.hanging = hanging
        self.asked: list[str] = []
        self.sts = boto3.client(
            "sts",
            region_name="us-east-1",
            endpoint_url=endpoint,
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )

    def __call__(self, run: Run) -> None:
        self.asked.append(run.account_name)
        if run.account_name in self.hanging:
            with suppress(Exception):
                self.sts.get_caller_identity()
            return
        Run.objects.filter(pk=run.pk).update(status=Status.VERIFIED)
        run.free_lease()


def verified() -> int:
    return Run.objects.filter(status=Status.VERIFIED).count()


def hanging(pool: RunPool) -> int:
    return sum(thread.is_alive() for thread in pool.hung)


def let_leases_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "LONGEST", timedelta(0))
    past = timezone.now() - timedelta(minutes=1)
    Run.objects.filter(leased_until__isnull=False).update(leased_until=past)


def asked_for(carry: Carrier, runs: int) -> bool:
    return len(carry.asked) >= runs


def test_what_hangs_in_every_thread_holds_up_others_until_its_lease_runs_out(
    never_ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(5)
    carry = Carrier(never_ending, {"a0", "a1"})
    pool = RunPool(Q(), THREADS, carry)
    pool.start()
    try:
        wait_until(lambda: len(carry.asked) == THREADS, what="They were not asked")
        before = verified()

        carry.hanging = set()
        let_leases_run_out(monkeypatch)
        wait_until(lambda: verified() == 5, what="The others did not end")

        # A healthy thread counts, too, while it works: here no lease may last.
        wait_until(lambda: hanging(pool) <= THREADS, what="A healthy thread hangs")
        hung = hanging(pool)
    finally:
        pool.stop(seconds=1)

    assert before == 0
    assert hung == THREADS
    assert sorted(carry.asked) == ["a0", "a0", "a1", "a1", "a2", "a3", "a4"]


def test_no_more_threads_hang_than_twice_as_many_as_there_are(
    never_ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = waiting(6)
    carry = Carrier(never_ending, {run.account_name for run in runs})
    monkeypatch.setattr(lease, "LONGEST", timedelta(0))
    pool = RunPool(Q(), THREADS, carry)
    for turn in range(5):
        pool.take()
        expected = THREADS * min(turn + 1, 2)
        wait_until(partial(asked_for, carry, expected), what="They were not asked")
        let_leases_run_out(monkeypatch)

    at_work = [thread for thread in pool.at_work.values() if thread.is_alive()]

    assert len(carry.asked) == 2 * THREADS
    assert len(pool.hung) + len(at_work) == 2 * THREADS


def test_a_run_that_works_for_long_keeps_its_place(
    never_ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run,) = waiting(1)
    pool = RunPool(Q(), THREADS, Carrier(never_ending, {run.account_name}))
    pool.take()
    monkeypatch.setattr(lease, "LONGEST", timedelta(0))

    pool.replace_hung()

    assert list(pool.at_work) == [run.pk]
    assert pool.hung == []
