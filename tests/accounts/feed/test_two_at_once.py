"""Two requests at once write the feed one after the other, in the order of moments."""

from __future__ import annotations

from threading import Event, Thread

import pytest
from django.db import connection, connections, transaction

from accounts.feed import keeping
from accounts.feed.keeping import LOCK, keep_current
from accounts.models import FeedRow
from tests.accounts.feed.test_keeping import proved


@pytest.mark.django_db(transaction=True)
def test_trap_a_late_commit_never_appears_with_an_older_moment() -> None:
    """One has taken its moment and is slow; the other waits, and takes a later one."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time.")
    proved("slow", account_id="1" * 12)
    holds, goes_on = Event(), Event()
    seen: list[list[str]] = []

    def slow() -> None:
        with transaction.atomic():
            keeping.keep_current()
            holds.set()
            goes_on.wait(20)
        connections.close_all()

    def quick() -> None:
        keep_current()
        seen.append([*FeedRow.objects.values_list("name", flat=True)])
        connections.close_all()

    first, second = Thread(target=slow), Thread(target=quick)
    first.start()
    assert holds.wait(20)
    proved("quick", account_id="2" * 12)
    second.start()
    waiting = waits_for_the_lock()
    goes_on.set()
    first.join()
    second.join()

    assert waiting
    assert seen == [["slow", "quick"]]
    moments = dict(FeedRow.objects.values_list("name", "updated_at"))
    assert moments["slow"] < moments["quick"]


def waits_for_the_lock(lock: int = LOCK) -> bool:
    """Wait until somebody waits for it."""
    with connection.cursor() as cursor:
        for _ in range(2_000):
            cursor.execute(
                "SELECT count(*), pg_sleep(0.01) FROM pg_locks"
                " WHERE locktype = 'advisory' AND NOT granted"
                " AND (classid::bigint << 32) + objid::bigint = %s",
                [lock],
            )
            if cursor.fetchone()[0]:
                return True
    return False
