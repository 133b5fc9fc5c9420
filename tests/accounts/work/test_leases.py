"""Whoever holds a row works on all of it, as it is now."""

from __future__ import annotations

import pytest

from accounts.models import Run
from accounts.work.leases import holding
from tests.rows import run_row

pytestmark = pytest.mark.django_db


def test_a_row_of_which_only_some_columns_were_read_is_read_whole() -> None:
    run_row("planning")
    found = Run.objects.only("status").get()
    Run.objects.update(waiting="For AWS.")
    missing: list[set[str]] = []

    assert holding(found, lambda run: missing.append(run.get_deferred_fields()))

    assert missing == [set()]
    assert found.waiting == "For AWS."
