"""Two requests at once write the feed one after the other, in the order of moments."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import connection

from accounts.models import FeedRow
from accounts.spinnaker.feed.keeping import LOCK, keep_current
from tests.accounts.spinnaker.feed.test_keeping import verified
from tests.two_at_once import second_waits, waits_for_the_lock


@pytest.mark.django_db(transaction=True)
def test_trap_a_late_commit_never_appears_with_an_older_moment() -> None:
    """One has taken its moment and is slow; the other waits, and takes a later one."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time.")
    verified("slow", account_id="1" * 12)
    seen: list[list[str]] = []

    def quick() -> None:
        verified("quick", account_id="2" * 12)
        keep_current()
        seen.append([*FeedRow.objects.values_list("name", flat=True)])

    assert second_waits(keep_current, quick, partial(waits_for_the_lock, LOCK))
    assert seen == [["slow", "quick"]]
    moments = dict(FeedRow.objects.values_list("name", "updated_at"))
    assert moments["slow"] < moments["quick"]
