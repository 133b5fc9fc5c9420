"""Two that write at once: the second one waits for what the first one holds."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

from django.db import connection, connections, transaction


def waits() -> bool:
    """Wait until somebody waits for another's transaction."""
    with connection.cursor() as cursor:
        for _ in range(2_000):
            cursor.execute(
                "SELECT count(*), pg_sleep(0.01) FROM pg_locks"
                " WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
            )
            if cursor.fetchone()[0]:
                return True
    return False


def second_waits(first: Callable[[], object], second: Callable[[], object]) -> bool:
    """Do the first in a transaction that lasts until the second, which begins later,
    waits; return whether it did.
    """
    holds, goes_on = Event(), Event()

    def slow() -> None:
        with transaction.atomic():
            first()
            holds.set()
            goes_on.wait(20)
        connections.close_all()

    def quick() -> None:
        second()
        connections.close_all()

    threads = [Thread(target=slow), Thread(target=quick)]
    threads[0].start()
    assert holds.wait(20)
    threads[1].start()
    waited = waits()
    goes_on.set()
    for thread in threads:
        thread.join()
    return waited
