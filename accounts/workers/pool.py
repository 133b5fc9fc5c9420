"""A worker's process: before the fork, its pool of threads, and its end."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from itertools import islice
from queue import Empty, SimpleQueue
from uuid import UUID

from django.conf import settings
from django.db import Error, close_old_connections, connection, connections
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Run, lease
from accounts.models.lease import free_leases
from accounts.models.runs import RunQuerySet
from accounts.operations.measured import counts_kept
from accounts.runs.rollouts.engine import advance
from accounts.runs.stages import carry_leased
from accounts.work.heartbeat import OF_QUEUE, PEOPLE, SCHEDULE
from accounts.work.threads import leases_extended, log_and_continue, repeated
from onboarding.aws.shared_clients import close_unused_connections, load_models

logger = logging.getLogger(__name__)

LOOKS_EVERY = 5.0
"""Seconds until waiting runs are searched for again, if no message comes."""

FOUND_AT_ONCE = 16
FOUND_FOR = 1.0
"""How many more waiting runs one search finds than threads are free for, and the
seconds in which threads that become free take these. Whether they still wait, their
leases say.
"""

ADVANCES_EVERY = 1.0
"""Seconds between two looks at the rollouts of runs that ended: many end together."""

IDLE = 30.0
"""Seconds for which a thread without a run keeps its database connection. Making both
takes as long as some forty queries.
"""


class Carrier(threading.Thread):
    """A thread of a pool: carries one run after another, with one connection."""

    def __init__(self, pool: RunPool) -> None:
        super().__init__(name="idle", daemon=True)
        self.pool = pool
        self.runs: SimpleQueue[Run | None] = SimpleQueue()
        """What it is to carry; None: nothing more."""

    def run(self) -> None:
        try:
            while run := self.next_run():
                self.name = run.reference
                close_old_connections()  # and check it, where it was idle
                if not self.pool.work(run, self):
                    break
                self.name = "idle"
        finally:
            connections.close_all()

    def next_run(self) -> Run | None:
        try:
            return self.runs.get(timeout=IDLE)
        except Empty:
            try:
                self.pool.idle.remove(self)
            except ValueError:  # it was given a run at this moment
                return self.runs.get()
            return None


class RunPool:
    """Carries what waits of these runs, one in each of its threads.

    A run that hangs occupies its own thread; the others continue. Once its lease has
    run out, another thread takes its place, for at most as many as there are: a thread
    cannot be ended from outside.
    """

    def __init__(
        self, runs: Q, threads: int, carry: Callable[[Run], None] = carry_leased
    ) -> None:
        self.runs = runs
        self.threads = threads
        self.carry = carry
        self.suspect: UUID | None = None
        """The last one that was taken over again, and may stop this worker, too."""
        self.named: deque[str] = deque(maxlen=threads)
        self.at_work: dict[UUID, Carrier] = {}
        self.began: dict[UUID, float] = {}
        """When each of these did, by this process's own clock."""
        self.hung: list[threading.Thread] = []
        self.idle: list[Carrier] = []
        self.ended: set[int] = set()
        """Numbers of the rollouts of which a run has ended."""
        self.advanced_at = -ADVANCES_EVERY
        self.found: deque[Run] = deque()
        """Runs that waited when they were searched for, the oldest first."""
        self.found_at = 0.0
        self.woken = threading.Event()
        self.stopped = threading.Event()
        self.dispatcher = threading.Thread(target=self.look, name="pool", daemon=True)

    def start(self) -> None:
        self.dispatcher.start()

    def wake(self, run_id: str) -> None:
        """Look now, and for this run first."""
        self.named.append(run_id)
        self.woken.set()

    def stop(self, seconds: float) -> None:
        """Take no further run, and wait so long for those that are carried."""
        self.stopped.set()
        self.woken.set()
        deadline = time.monotonic() + seconds
        self.dispatcher.join(max(0.0, deadline - time.monotonic()))
        carriers = {*self.idle, *self.at_work.copy().values()}
        for carrier in carriers:
            carrier.runs.put(None)
        for carrier in carriers:
            carrier.join(max(0.0, deadline - time.monotonic()))

    def look(self) -> None:
        """Take what waits, again and again, and let rollouts continue."""
        while not self.stopped.is_set():
            self.woken.clear()
            try:
                self.take()
                self.advance_ended()
            except Exception as error:  # whatever it was, runs don't wait for a restart
                log_and_continue("Bowline could not find which runs wait.", error)
                connections.close_all()
            self.woken.wait(ADVANCES_EVERY if self.ended else LOOKS_EVERY)
        connections.close_all()

    def advance_ended(self) -> None:
        """Advance the rollouts of runs that ended: once for many that end together, and
        later where the database does not answer.
        """
        now = time.monotonic()
        if now < self.advanced_at + ADVANCES_EVERY:
            return
        self.advanced_at = now
        while self.ended:
            number = self.ended.pop()
            try:
                advance(number)
            except Error:
                self.ended.add(number)
                raise

    def take(self) -> None:
        """Give each thread that is free a run of which this process has the lease."""
        lease.free_left()
        self.replace_hung()
        most = min(self.threads, 2 * self.threads - len(self.hung))
        free = max(0, most - len(self.at_work))
        for run in islice(filter(self.takes, self.waiting(free)), free):
            carrier = self.free_carrier()
            self.at_work[run.pk] = carrier
            self.began[run.pk] = time.monotonic()
            carrier.runs.put(run)

    def takes(self, run: Run) -> bool:
        """Take the run's lease, unless it moved since it was found. Of those that are
        taken over again, one is at work at a time: each of the others, which stopped
        with their workers, ends where that one isn't.
        """
        is_suspect = bool(run.lease and run.takeovers)
        if is_suspect and self.suspect in self.at_work:
            return False
        if not run.take_lease(status=run.status):
            return False
        if is_suspect:
            self.suspect = run.pk
        return True

    def free_carrier(self) -> Carrier:
        try:
            return self.idle.pop()
        except IndexError:
            carrier = Carrier(self)
            carrier.start()
            return carrier

    def replace_hung(self) -> None:
        """Let others take the places of threads whose leases ran out: whatever waits
        there writes nothing more, and its run is continued by whoever takes it.
        """
        self.hung = [thread for thread in self.hung if thread.is_alive()]
        before = time.monotonic() - lease.LONGEST.total_seconds()
        late = [pk for pk, began in self.began.copy().items() if began < before]
        if not late:
            return
        held = Run.objects.filter(pk__in=late, leased_until__gt=Now())
        alive = set(held.values_list("pk", flat=True))
        for pk in late:
            if pk not in alive and (thread := self.at_work.pop(pk, None)):
                self.began.pop(pk, None)
                self.hung.append(thread)
                logger.error("Run %s hangs: another thread takes over.", thread.name)

    def waiting(self, count: int) -> Iterator[Run]:
        """Yield runs that wait, for this many threads or more: those first that a
        message named.
        """
        if not count:
            return
        named = [self.named.popleft() for _ in range(min(count, len(self.named)))]
        if named:
            yield from list(self.search().filter(pk__in=named))
        if time.monotonic() > self.found_at + FOUND_FOR:
            self.found.clear()
        yield from self.found_before()
        rows = self.search()[: count + FOUND_AT_ONCE]
        self.found.extend(rows)
        self.found_at = time.monotonic()
        yield from self.found_before()

    def found_before(self) -> Iterator[Run]:
        while self.found:
            run = self.found.popleft()
            if run.pk not in self.at_work:
                yield run

    def search(self) -> RunQuerySet:
        rows = Run.objects.waiting().filter(self.runs)
        if self.suspect in self.at_work:
            rows = rows.exclude(lease__isnull=False, takeovers__gt=0)
        # What a thread needs to take it, which then reads the rest.
        needed = ("status", "rollout", "lease", "takeovers")
        return rows.exclude(pk__in=list(self.at_work)).only(*needed)

    def work(self, run: Run, carrier: Carrier) -> bool:
        """Carry one run; whatever stops it, the row says what is left to do. Return
        whether the thread is still the pool's: another may have taken its place.
        """
        try:
            self.carry(run)
            close_old_connections()
        except Exception as error:
            stopped = f"Run {run.reference} stopped, and is continued soon."
            log_and_continue(stopped, error)
            connections.close_all()
            self.stopped.wait(LOOKS_EVERY)  # what stopped it may last
        finally:
            if kept := self.at_work.get(run.pk) is carrier:
                self.idle.append(carrier)  # in one of the two at every moment
                self.at_work.pop(run.pk, None)
                self.began.pop(run.pk, None)
            if run.rollout_id is not None:
                self.ended.add(run.rollout_id)
            self.woken.set()
        return kept


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
