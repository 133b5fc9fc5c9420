"""What the worker and the clock do, each by one row or by what the rows say."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from celery import Celery, current_app
from django.core.management import call_command
from django.utils import timezone

from accounts import tasks
from accounts.models import BrowserSession, Bundle, ManagedAccount, Run
from accounts.models.runs import QUEUE_PATIENCE
from accounts.models.spinnaker import BUILD_PATIENCE
from accounts.models.states import State, Status
from accounts.work import queue
from tests.rows import account_row, managing_row, run_row, session_row

pytestmark = pytest.mark.django_db

NOW = timezone.now()
LONG_AGO = NOW - timedelta(days=1)

Messages = list[tuple[str, list[Any]]]


@pytest.fixture
def sent() -> Iterator[Messages]:
    """Yield what is sent to the broker: names of tasks and their arguments."""
    messages: Messages = []
    with patch.object(Celery, "send_task", autospec=True) as send:
        send.side_effect = lambda _, name, args, **options: messages.append(
            (name, args)
        )
        yield messages


def ready_account(name: str, number: int) -> Any:
    return account_row(
        name,
        account_id=f"{number:012}",
        state=State.VERIFIED,
        verification=State.VERIFIED,
        granted_at=NOW,
        verified_at=NOW,
    )


def working(account: Any, **fields: Any) -> Run:
    return run_row(Status.APPLYING, account=account, **fields)


def messages_for(*runs: Run) -> Messages:
    return [("accounts.tasks.carry_on", ["run", str(run.pk)]) for run in runs]


def test_a_message_about_a_run_that_is_gone_does_nothing() -> None:
    tasks.carry_on("run", str(uuid.uuid4()))

    assert not Run.objects.exists()


def test_a_message_carries_its_run_on(managing) -> None:
    run = working(account_row())
    run.account.delete()

    tasks.carry_on("run", str(run.pk))

    run.refresh_from_db()
    assert run.status == Status.OUTDATED
    assert "was deleted from Bowline" in run.error["message"]


def test_the_sweep_sends_what_nobody_works_on_the_oldest_first(sent: Messages) -> None:
    lost = working(ready_account("lost", 1), queued_at=NOW - 2 * QUEUE_PATIENCE)
    never = working(ready_account("never", 2))
    dead = working(ready_account("dead", 3), leased_until=LONG_AGO)
    working(ready_account("queued", 4), queued_at=timezone.now())
    working(ready_account("held", 5), leased_until=NOW + timedelta(hours=1))
    run_row(Status.PLANNED, account=ready_account("waits", 6))
    run_row(Status.VERIFIED, account=ready_account("over", 7))
    for age, run in enumerate((dead, never, lost)):
        Run.objects.filter(pk=run.pk).update(created_at=NOW - timedelta(days=age))

    tasks.sweep()

    assert sent == messages_for(lost, never, dead)
    assert Run.objects.get(pk=never.pk).queued_at is not None


def test_a_sweep_that_has_sent_a_message_waits_before_it_sends_it_again(
    sent: Messages,
) -> None:
    run = working(account_row())

    tasks.sweep()
    tasks.sweep()

    assert sent == messages_for(run)


def test_a_sweep_sends_so_many_and_the_next_one_goes_on(
    sent: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "SWEPT_AT_ONCE", 1)
    runs = [working(ready_account(f"a{n}", n)) for n in range(2)]

    tasks.sweep()
    assert len(sent) == 1

    tasks.sweep()
    assert sent == messages_for(*runs)


def test_the_sweep_sends_a_bundle_that_nobody_builds(sent: Messages) -> None:
    lost = Bundle.objects.create(number=1)
    Bundle.objects.update(created_at=NOW - 2 * BUILD_PATIENCE)
    Bundle.objects.create(number=2)

    tasks.sweep()

    assert sent == [("accounts.tasks.carry_on", ["bundle", str(lost.pk)])]


def test_every_account_that_was_proved_once_is_verified_again(
    sent: Messages, django_capture_on_commit_callbacks: Any
) -> None:
    managing_row()
    ready = ready_account("ready", 1)
    account_row("draft")

    with django_capture_on_commit_callbacks(execute=True):
        tasks.verify_all()

    run = Run.objects.get()
    assert (run.account, run.kind, run.status) == (ready, "verify", Status.VERIFYING)
    assert run.started_by == "the schedule"
    assert sent == messages_for(run)


def test_an_account_with_a_run_at_work_does_not_keep_the_others_waiting(
    sent: Messages,
) -> None:
    managing_row()
    busy, other = ready_account("busy", 1), ready_account("other", 2)
    working(busy)

    tasks.verify_all()

    verified = Run.objects.filter(kind=Run.Kind.VERIFY)
    assert [run.account for run in verified] == [other]


def test_a_minute_verifies_the_oldest_proofs_within_the_budget(
    sent: Messages, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SCHEDULE_ASSUMES_A_SECOND = 1
    monkeypatch.setattr(tasks, "ASSUMES", 20)
    managing_row()
    ages = {n: NOW - timedelta(days=n) for n in (2, 4, 1, 5, 3)}
    for n, at in ages.items():
        ready_account(f"of-day-{n}", n)
        ManagedAccount.objects.filter(name=f"of-day-{n}").update(verified_at=at)

    tasks.verify_all()
    first = {run.account_name for run in Run.objects.all()}
    tasks.verify_all()
    while_they_work = Run.objects.count()
    Run.objects.update(status=Status.VERIFIED)
    tasks.verify_all()

    assert first == {"of-day-5", "of-day-4", "of-day-3"}
    assert while_they_work == 3
    assert Run.objects.count() == 5


def proved_once(state: State = State.VERIFIED) -> ManagedAccount:
    return account_row(state=state, granted_at=NOW, verified_at=NOW)


def begun() -> list[ManagedAccount | None]:
    return [run.account for run in Run.objects.filter(status=Status.VERIFYING)]


@pytest.mark.parametrize(
    "state", [State.VERIFIED, State.EVALUATED, State.FAILED, State.DRIFTED]
)
def test_what_was_proved_once_is_verified_be_it_good_or_bad_now(state: State) -> None:
    managing_row()
    account = proved_once(state)

    tasks.verify_all()

    assert begun() == [account]


def test_what_was_edited_or_never_proved_is_left_alone(managing) -> None:
    proved_once(State.OUTDATED)
    account_row("draft", account_id="1" * 12)
    account_row("new", account_id="2" * 12, granted_at=NOW)

    tasks.verify_all()

    assert begun() == []


def test_a_waiting_plan_is_left_to_whoever_approves(managing) -> None:
    run = run_row(Status.PLANNED, account=proved_once(State.PLANNED))

    tasks.verify_all()

    run.refresh_from_db()
    assert (run.status, begun()) == (Status.PLANNED, [])


def test_a_second_copy_verifies_nothing_again(managing) -> None:
    account = proved_once()
    run = run_row(Status.VERIFIED, kind=Run.Kind.VERIFY, account=account)

    tasks.verify_all()
    first = begun()
    Run.objects.filter(pk=run.pk).update(created_at=NOW - tasks.AGAIN_AFTER * 2)
    tasks.verify_all()

    assert (first, begun()) == ([], [account])


def test_it_is_due_each_night_at_the_time_that_the_documents_say(settings: Any) -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["verify-all"]
    page = (Path(__file__).parents[2] / "docs/explain/verification.md").read_text()

    hours = entry["schedule"].hour
    first, after = min(hours), max(hours) + 1

    assert entry["task"] == tasks.verify_all.name
    assert entry["schedule"].day_of_week == set(range(7))
    assert entry["schedule"].minute == set(range(60))
    assert hours == set(range(first, after))
    assert f"{first:02}:00 and {after:02}:00 UTC" in page
    assert timedelta(hours=after - first) <= tasks.AGAIN_AFTER


def test_a_bundle_is_built_and_a_second_message_changes_nothing(managing) -> None:
    bundle = Bundle.objects.create(number=1)
    bundle.accounts.add(ready_account("ready", 1))

    tasks.carry_on("bundle", str(bundle.pk))
    first = Bundle.objects.get()
    account_row("late", account_id="933333333333", verification=State.VERIFIED)
    tasks.carry_on("bundle", str(bundle.pk))

    assert first.status == Bundle.Status.READY
    assert first.size == len(first.archive) > 0
    assert bytes(Bundle.objects.get().archive) == bytes(first.archive)


def test_a_bundle_whose_accounts_are_ready_no_more_says_so(managing) -> None:
    bundle = Bundle.objects.create(number=1)
    bundle.accounts.add(account_row("edited", state=State.OUTDATED))

    tasks.carry_on("bundle", str(bundle.pk))

    bundle.refresh_from_db()
    assert bundle.status == Bundle.Status.FAILED
    assert "edited is outdated" in bundle.error


def test_a_bundle_that_is_gone_is_not_built() -> None:
    tasks.carry_on("bundle", "1")

    assert not Bundle.objects.exists()


@pytest.mark.parametrize(("days", "kept"), [(1, 1), (3, 2), (0, 2)])
def test_verifications_are_kept_for_as_many_days_as_asked_for(
    settings: Any, days: int, kept: int
) -> None:
    settings.KEEP_CHECKS_DAYS = days
    account = ready_account("ready", 1)
    for age in (2, 0):
        at = timezone.now() - timedelta(days=age)
        run = run_row(Status.VERIFIED, account=account, kind=Run.Kind.VERIFY)
        Run.objects.filter(pk=run.pk).update(created_at=at, finished_at=at)
        run.checks.create(position=0, provider="chain", name="Get in", outcome="passed")

    tasks.delete_old()

    assert Run.objects.count() == kept


@pytest.mark.parametrize(
    "delete", [tasks.delete_old, lambda: call_command("clearsessions")]
)
def test_sessions_that_have_ended_are_deleted(delete: Callable[[], object]) -> None:
    for key, hours in (("ended", -1), ("open", 1)):
        session_row(None, key=key, hours=hours)

    delete()

    assert [*BrowserSession.objects.values_list("pk", flat=True)] == ["open"]


def test_the_clock_calls_what_is_there(settings: Any) -> None:
    called = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert called <= current_app.tasks.keys()
    assert "accounts.tasks.delete_old" in called
