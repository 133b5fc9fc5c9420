"""A worker's process, before the fork and until its end: a pool for each queue."""

from __future__ import annotations

import gc
import time
from collections.abc import Collection
from contextlib import ExitStack

from django.conf import settings
from django.db import connection

from accounts.models.lease import free_leases
from accounts.operations.measured import counts_kept
from accounts.work.heartbeat import OF_QUEUE, PEOPLE, SCHEDULE
from accounts.work.threads import leases_extended, repeated
from accounts.workers.pool import RunPool
from onboarding.aws.shared_clients import close_unused_connections, load_models

GARBAGE = 20_000
"""How many new objects start a collection: one large answer of AWS has more than
Python's 700, and is soon gone by itself.
"""
UNUSED = 60.0
"""Seconds after which connections to AWS that nothing uses are closed."""


def before_the_fork() -> None:
    """Load what all processes of this worker share, and keep the garbage collector
    from writing to it: each would get a copy of its own.
    """
    load_models()
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE, *gc.get_threshold()[1:])


class Process:
    """The pools of this process, and what extends the leases that they take."""

    def __init__(self, queues: Collection[str]) -> None:
        """Carry what people started, what the schedule did, or both, as the worker
        receives messages about.
        """
        threads = {PEOPLE: settings.RUN_THREADS, SCHEDULE: settings.SCHEDULE_THREADS}
        self.pools = [
            RunPool(runs, threads[queue])
            for queue, runs in OF_QUEUE.items()
            if queue in queues
        ]
        self.leases = ExitStack()

    def start(self) -> None:
        self.leases.enter_context(counts_kept())
        self.leases.enter_context(leases_extended())
        self.leases.enter_context(
            repeated("connections to AWS", close_unused_connections, UNUSED)
        )
        for pool in self.pools:
            pool.start()

    def wake(self, run_id: str) -> None:
        for pool in self.pools:
            pool.wake(run_id)

    def stop(self, seconds: float) -> None:
        """Finish what ends in time, and leave the rest to other workers, now."""
        deadline = time.monotonic() + seconds
        for pool in self.pools:
            pool.stopped.set()
        for pool in self.pools:
            pool.stop(deadline - time.monotonic())
        self.leases.close()
        free_leases()
        connection.close()
