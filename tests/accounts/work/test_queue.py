"""Work that is sent and held: nothing is lost without a broker, heartbeats, leases."""

from __future__ import annotations

import pytest

from accounts.models import Run
from accounts.runs.actions import plan
from accounts.work.queue import holding, wake
from tests.rows import account_row, managing_row, run_row

pytestmark = pytest.mark.django_db


def test_a_broker_that_is_down_leaves_the_run_to_the_sweep(caplog, managing) -> None:
    run = plan(account_row(), None)

    wake(run)

    run.refresh_from_db()
    assert run.queued_at is None
    assert "the sweep will try again" in caplog.text
    assert list(Run.objects.abandoned()) == [run]


def test_a_broker_that_is_down_is_tried_once_for_many_runs(caplog, managing) -> None:
    rows = [account_row(f"a{n}", account_id=f"{n:012}") for n in range(3)]
    runs = [plan(row, None) for row in rows]

    wake(*runs)

    assert caplog.text.count("the sweep will try again") == 1
    assert set(Run.objects.abandoned()) == set(runs)


def test_many_runs_are_queued_at_once(monkeypatch, django_assert_num_queries) -> None:
    messages: list[str] = []
    monkeypatch.setattr(
        "accounts.work.queue.current_app.send_task",
        lambda _, args, **__: messages.append(args[1]),
    )
    managing_row()
    rows = [account_row(f"a{n}", account_id=f"{n:012}") for n in range(3)]
    runs = [plan(row, None) for row in rows]
    monkeypatch.setattr(Run, "WOKEN", 2)

    with django_assert_num_queries(1):
        wake(*runs)

    assert messages == [str(run.pk) for run in runs[:2]]  # the pools find the third
    assert not Run.objects.abandoned().exists()


def test_a_row_of_which_only_some_columns_were_read_is_read_whole() -> None:
    run_row("planning")
    found = Run.objects.only("status").get()
    Run.objects.update(waiting="For AWS.")
    missing: list[set[str]] = []

    assert holding(found, lambda run: missing.append(run.get_deferred_fields()))

    assert missing == [set()]
    assert found.waiting == "For AWS."
