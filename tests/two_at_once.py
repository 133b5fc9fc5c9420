"""Two that write at once: the second one waits for what the first one holds."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

from django.db import connection, connections, transaction


def waits_for_a_row() -> bool:
    """Wait until somebody waits for another's transaction."""
    return waits("locktype IN ('transactionid', 'tuple')")


def waits_for_the_lock(lock: int) -> bool:
    """Wait until somebody waits for this advisory lock."""
    number = "(classid::bigint << 32) + objid::bigint"
    return waits(f"locktype = 'advisory' AND {number} = {lock:d}")


def waits(condition: str) -> bool:
    with connection.cursor() as cursor:
        for _ in range(2_000):
            cursor.execute(
                "SELECT count(*), pg_sleep(0.01) FROM pg_locks"
                f" WHERE NOT granted AND {condition}"
            )
            if cursor.fetchone()[0]:
                return True
    return False


def second_waits(
    first: Callable[[], object],
    second: Callable[[], object],
    waiting: Callable[[], bool] = waits_for_a_row,
) -> bool:
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
    waited = waiting()
    goes_on.set()
    for thread in threads:
        thread.join()
    return waited
