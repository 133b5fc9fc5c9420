"""Tried: the clock of one worker is two minutes ahead, or two minutes behind.

Refused: it takes no run away from a worker that holds it, keeps none for longer than
the others would, and hides no dead worker: all go by the database's clock.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ManagedAccount, Run
from accounts.models.states import Status
from accounts.runs.heartbeat import silence
from accounts.runs.queue import enqueue
from tests.rows import account_row, managing_row, run_row

pytestmark = pytest.mark.django_db

RIGHT = timezone.now


@pytest.fixture(params=[120, -120], ids=["ahead", "behind"])
def wrong_clock(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> timedelta:
    """Let this process's clock be two minutes off; SQLite's own is right."""
    right, off = timezone.now, timedelta(seconds=request.param)
    monkeypatch.setattr(timezone, "now", lambda: right() + off)
    return off


def ours() -> Run:
    """Hold a run as a worker with a right clock does."""
    managing_row()
    run = run_row(Status.APPLYING, account=account_row())
    assert run.take_lease()
    return run


def held_until(run: Run) -> float:
    """Give the seconds that a run is held yet, by a right clock."""
    until = Run.objects.values_list("leased_until", flat=True).get(pk=run.pk)
    assert until is not None
    return (until - RIGHT()).total_seconds()


def test_a_held_run_is_not_taken(wrong_clock: timedelta) -> None:
    run = ours()

    assert not Run.objects.get(pk=run.pk).take_lease()
    assert not Run.objects.abandoned().exists()


def test_a_dead_workers_run_is_taken(wrong_clock: timedelta) -> None:
    run = ours()
    Run.objects.update(leased_until=RIGHT() - timedelta(seconds=5))

    assert list(Run.objects.abandoned()) == [run]
    assert Run.objects.get(pk=run.pk).take_lease()


def test_a_run_is_held_for_a_minute(wrong_clock: timedelta) -> None:
    run = ours()

    taken = held_until(run)
    run.extend_lease()

    assert 50 < taken < 61
    assert 50 < held_until(run) < 61


def test_accounts_keep_the_order_in_which_they_were_granted(
    wrong_clock: timedelta,
) -> None:
    ManagedAccount.objects.filter(pk=account_row().pk).update(
        granted_at=RIGHT() - timedelta(seconds=30)
    )
    second = account_row("second", account_id="933333333333")

    ManagedAccount.objects.filter(pk=second.pk).grant()

    granted = ManagedAccount.objects.assumable().order_by("granted_at")
    assert [account.name for account in granted] == ["staging", "second"]
    assert granted.last().granted_at < RIGHT() + timedelta(seconds=5)


def test_a_message_counts_as_queued_since_it_was_sent(
    wrong_clock: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    managing_row()
    run = run_row(Status.PLANNING, account=account_row())
    monkeypatch.setattr("accounts.runs.queue.current_app.send_task", lambda *_, **__: 0)

    enqueue(run)

    run.refresh_from_db()
    assert run.queued_at is not None
    assert abs((run.queued_at - RIGHT()).total_seconds()) < 10


def test_a_busy_worker_is_heard_and_a_dead_one_missed(wrong_clock: timedelta) -> None:
    ours()

    heard = silence()
    Run.objects.update(leased_until=RIGHT() - timedelta(seconds=5))

    assert heard is None
    assert silence() is not None
