"""A rollout that hosts on a network of their own carry, and what it takes; also where
one of them vanishes. Import this after Django was set up.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Max
from django.db.models.functions import Now
from redis import Redis

from accounts.models import Heartbeat, Rollout, Run, Step
from accounts.models.states import Status
from accounts.runs.rollouts.census import managing_run
from accounts.runs.rollouts.decisions import configure
from accounts.work.threads import repeated
from script.emulated_organization import Account
from script.emulated_rollout import (
    approve_accounts,
    approve_managing,
    approver,
    planned,
    registered,
    until_it,
    wrong,
)
from script.emulated_site import LONG, WORKER, until_ready
from script.own_network import ADDRESS, host, pull_cable
from script.servers import running, wait_until
from script.usage import busy_cores, children_of, cpu, seconds_of, started

ENDED = (Rollout.State.FINISHED, Rollout.State.PAUSED)
GONE = 1.0
"""Seconds until the database has answered what a host sent before it vanished."""
EXTENDED = 8.0
"""Seconds in which every host that lives has extended its leases, which it does every
five.
"""
HOLDS = """\
import sys, time, django
django.setup()
from django.db import transaction
from accounts.models import Rollout
with transaction.atomic():
    Rollout.objects.select_for_update().get(number=sys.argv[1])
    print("held", flush=True)
    time.sleep(3600)
"""
"""A transaction that never ends, as of a host that vanishes within it."""


class Sample(NamedTuple):
    in_flight: int
    to_database: int
    to_broker: int


@contextmanager
def carrying(
    accounts: list[Account], count: int, folder: Path
) -> Iterator[tuple[Rollout, list[Popen[bytes]]]]:
    """Let this many hosts plan a rollout of one wave and apply what comes first; yield
    it when it waits for the approval of the accounts.
    """
    rows = registered(accounts)
    command = [*WORKER, "--concurrency", "1", "--loglevel", "INFO"]
    logs = [folder / f"host-{number}.log" for number in range(count)]
    with ExitStack() as stack:
        hosts = [
            stack.enter_context(host(number, command, log=log))
            for number, log in enumerate(logs)
        ]
        for log in logs:
            until_ready(log)
        rollout = planned(rows)
        configure(rollout, {"first_wave": len(accounts)}, approver())
        approve_managing(rollout)
        wait_until(
            lambda: (run := managing_run(rollout)) and run.status == Status.VERIFIED,
            what="The managing account was not verified",
            seconds=LONG,
        )
        yield rollout, hosts


def worked(accounts: list[Account], count: int, folder: Path) -> dict[str, Any]:
    """Measure from the approval of the accounts to the end."""
    samples: list[Sample] = []

    def used() -> tuple[float, float, float, float]:
        by_hosts = sum(cpu(one.pid) for one in hosts)
        return time.monotonic(), by_hosts, seconds_of(children_of(server)), busy_cores()

    server = started("bin/postgres")
    with carrying(accounts, count, folder) as (rollout, hosts):
        before, transactions, began = used(), committed(), now()
        approve_accounts(rollout)
        with repeated("samples", lambda: samples.append(sample()), 0.5):
            until_it(*ENDED)
        transactions = committed() - transactions
        elapsed, by_hosts, by_database, busy = (
            after - earlier for earlier, after in zip(before, used(), strict=True)
        )
    ended = Run.objects.aggregate(last=Max("moved_at"))["last"]
    return {
        "hosts": count,
        "seconds": (ended - began).total_seconds(),
        "in_flight": sum(one.in_flight for one in samples) / len(samples),
        "of_hosts": by_hosts,
        "of_database": by_database,
        "busy": busy / elapsed / (os.cpu_count() or 1),
        "to_database": max(one.to_database for one in samples),
        "to_broker": max(one.to_broker for one in samples),
        "transactions": transactions,
        "wrong": wrong(),
    }


def now() -> Any:
    """Return the moment by the database's clock."""
    Heartbeat.objects.get_or_create()
    return Heartbeat.objects.values_list(Now(), flat=True).get()


def answer(question: str, *values: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return int(cursor.fetchone()[0])


def committed() -> int:
    """Return how many transactions the database has committed, of anybody."""
    return answer(
        "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
    )


def sample() -> Sample:
    clients = Redis.from_url(settings.REDIS_URL).client_list()
    return Sample(
        in_flight=Run.objects.filter(leased_until__gt=Now()).count(),
        to_database=answer(
            "SELECT count(*) FROM pg_stat_activity WHERE client_addr <> %s", ADDRESS
        ),
        to_broker=sum(not one["addr"].startswith(f"{ADDRESS}:") for one in clients),
    )


def vanished(accounts: list[Account], folder: Path) -> dict[str, Any]:
    """Let one of two hosts lose its network and its power when a quarter is done, and a
    transaction of it has locked the rollout; measure until the other has its runs.
    """
    beat = [*WORKER[:-1], "beat", "--schedule", str(folder / "beat"), "--pidfile="]
    log = folder / "beat.log"
    with (
        running(beat, environment=os.environ, log=log),
        carrying(accounts, 2, folder) as (rollout, (first, _)),
    ):
        approve_accounts(rollout)
        verified = Run.objects.filter(rollout=rollout, status=Status.VERIFIED)
        wait_until(
            lambda: verified.count() > len(accounts) // 4,
            what="No quarter was done",
            seconds=LONG,
        )
        with holding(rollout, first, folder / "holding.log") as transaction_of_it:
            pull_cable(0)
            for process in (first, transaction_of_it):
                os.killpg(process.pid, signal.SIGKILL)
            gone = time.monotonic()
            taken, locked = taken_over(rollout, gone)
        until_it(*ENDED)
    created = Step.objects.filter(verb="create", kind="role", status=Step.Status.DONE)
    return {
        "runs": len(taken),
        "first": min(taken, default=0.0),
        "last": max(taken, default=0.0),
        "locked": locked,
        "roles": created.count(),
        "asked": (folder / "asked.log").read_text().split().count("CreateRole"),
        "wrong": wrong(),
    }


@contextmanager
def holding(rollout: Rollout, on: Popen[bytes], log: Path) -> Iterator[Popen[bytes]]:
    """Let a process on this host lock the rollout."""
    there = ["nsenter", "--target", str(on.pid), "--net"]
    command = [*there, sys.executable, "-c", HOLDS, str(rollout.number)]
    with running(command, environment=os.environ, log=log) as process:
        wait_until(lambda: "held" in log.read_text(), what="It held nothing")
        yield process


def taken_over(rollout: Rollout, gone: float) -> tuple[list[float], float]:
    """Wait until others carry the runs of the host that is gone, and its lock is free;
    return the seconds since then of each.
    """
    time.sleep(GONE)
    before = leases()
    time.sleep(EXTENDED)
    after = leases()
    left = {key: lease for key, lease in before.items() if after.get(key) == lease}
    left_lease = {key: lease for key, (lease, _) in left.items()}
    taken: list[float] = []
    locked = 0.0
    while left_lease or not locked:
        since = time.monotonic() - gone
        assert since < LONG / 10, f"Nobody took over {left_lease}, {locked=}"
        mine = dict(Run.objects.values_list("pk", "lease"))
        for key in [key for key, lease in left_lease.items() if mine[key] != lease]:
            del left_lease[key]
            taken.append(since)
        if not locked and is_free(rollout):
            locked = since
        time.sleep(0.1)
    return taken, locked


def leases() -> dict[UUID, tuple[UUID | None, Any]]:
    held = Run.objects.filter(leased_until__gt=Now())
    rows = held.values_list("pk", "lease", "leased_until")
    return {key: (lease, until) for key, lease, until in rows}


def is_free(rollout: Rollout) -> bool:
    rows = Rollout.objects.select_for_update(nowait=True, no_key=True)
    try:
        with transaction.atomic():
            return bool(rows.filter(number=rollout.number))
    except OperationalError:
        return False
