"""A broker that is down loses nothing."""

from __future__ import annotations

import pytest

from accounts.models import Run
from accounts.runs.actions import keep, plan
from accounts.runs.queue import enqueue
from tests.rows import account_row, managing_row


@pytest.mark.django_db
def test_a_broker_that_is_down_leaves_the_run_to_the_sweep(caplog) -> None:
    managing_row()
    run = plan(account_row(), None, send=keep)

    enqueue(run)

    run.refresh_from_db()
    assert run.queued_at is None
    assert "the sweep will try again" in caplog.text
    assert list(Run.objects.abandoned()) == [run]
