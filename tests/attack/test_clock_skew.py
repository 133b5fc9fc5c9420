"""Tried: the clock of one worker is two minutes ahead, or two minutes behind.

Refused: it takes no run away from a worker that holds it, keeps none for longer than
the others would, and hides no dead worker: all go by the database's clock. Settings and
the log say whose clock is wrong.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery.signals import worker_ready
from django.utils import timezone

from accounts import tasks
from accounts.models import Heartbeat, ManagedAccount, Run
from accounts.models.lease import LEASE
from accounts.models.states import Status
from accounts.work.heartbeat import SKEW_KEPT, clock_skew, silence
from accounts.work.queue import wake
from tests.rows import account_row, managing_row, person, run_row

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


def test_a_run_is_held_for_its_lease(wrong_clock: timedelta) -> None:
    run = ours()

    taken = held_until(run)
    run.extend_lease()

    most = LEASE.total_seconds()
    assert most / 2 < taken <= most
    assert most / 2 < held_until(run) <= most


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
    monkeypatch.setattr("accounts.work.queue.current_app.send_task", lambda *_, **__: 0)

    wake(run)

    run.refresh_from_db()
    assert run.queued_at is not None
    assert abs((run.queued_at - RIGHT()).total_seconds()) < 10


def test_a_busy_worker_is_heard_and_a_dead_one_missed(wrong_clock: timedelta) -> None:
    ours()

    heard = silence()
    Run.objects.update(leased_until=RIGHT() - timedelta(seconds=5))

    assert heard is None
    assert silence() is not None


@pytest.fixture(autouse=True)
def one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a worker that starts use the test's connection, and leave it open."""
    monkeypatch.setattr("accounts.tasks.database.close", lambda: None)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("socket.gethostname", lambda: "worker-1")
    return "worker-1"


def test_a_wrong_clock_is_said_in_settings_and_once_in_the_log(
    wrong_clock: timedelta, host: str, client, caplog
) -> None:
    client.force_login(person("viewer"))

    worker_ready.send(sender=None)
    tasks.heartbeat()

    where = "ahead of" if wrong_clock > timedelta(0) else "behind"
    said = f"The clock of the worker on {host} is 120 seconds {where} the database"
    page = client.get("/settings/?tab=site").content.decode()
    assert said in page
    assert "timedatectl set-ntp true" in page
    assert [said in line for line in caplog.messages].count(True) == 1


def test_a_clock_that_was_set_right_is_forgotten(host: str, client) -> None:
    Heartbeat.note(skewed_host=host, skew_seconds=120, skewed_at=RIGHT())
    client.force_login(person("viewer"))

    tasks.heartbeat()

    assert clock_skew() is None
    assert "The clock of" not in client.get("/settings/?tab=site").content.decode()


def test_another_workers_right_clock_hides_no_wrong_one(host: str) -> None:
    Heartbeat.note(skewed_host="worker-2", skew_seconds=120, skewed_at=RIGHT())

    tasks.heartbeat()

    assert str(clock_skew()).startswith("The clock of the worker on worker-2 is 120")


def test_a_wrong_clock_is_forgotten_once_its_worker_is_gone() -> None:
    gone = RIGHT() - SKEW_KEPT - timedelta(seconds=1)
    Heartbeat.note(skewed_host="worker-2", skew_seconds=120, skewed_at=gone)

    assert clock_skew() is None


def test_a_clock_may_be_some_seconds_off(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: RIGHT() + timedelta(seconds=20))

    tasks.heartbeat()

    assert clock_skew() is None
