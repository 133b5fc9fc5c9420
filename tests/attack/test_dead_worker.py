"""Tried: stop the worker, beat or the broker, and read the pages that promise progress.

Refused: each of them says since when nobody answers, and so does /healthz/worker.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from accounts import tasks
from accounts.models import Bundle, Heartbeat, Run
from accounts.models.lease import LEASE
from accounts.models.states import State, Status
from accounts.runs.actions import plan
from accounts.work.heartbeat import EVERY, PEOPLE, SCHEDULE, SILENT, beat, silence
from accounts.work.queue import wake
from tests.accounts.web.asking import asked_again
from tests.rows import account_row, managing_row, person, run_row

pytestmark = pytest.mark.django_db

FOUR_MINUTES = timedelta(minutes=4)
NO_WORKER = "No worker has answered"


def seen(ago: timedelta) -> None:
    Heartbeat.note(seen_at=Now() - ago)


def both_answer() -> None:
    for queue in (PEOPLE, SCHEDULE):
        beat(queue)


@pytest.fixture
def everybody(client):
    """Sign in somebody who sees every button."""
    user = person("operator")
    user.is_superuser = True
    user.save()
    client.force_login(user)
    return client


def working() -> Run:
    return run_row(Status.PLANNING, account=account_row())


def planned() -> Run:
    return run_row(Status.PLANNED, account=account_row(), fingerprint="a" * 32)


PROMISES = {
    "a run at work": lambda: working().get_absolute_url(),
    "a plan that waits": lambda: planned().get_absolute_url(),
    "plans that wait": lambda: f"/runs/same/{planned().fingerprint}/",
    "the runs": lambda: working() and "/runs/",
    "the overview": lambda: working() and "/",
    "an account": lambda: account_row(state=State.APPLYING).get_absolute_url(),
    "a bundle": lambda: Bundle.objects.create(number=1).get_absolute_url(),
    "the settings": lambda: "/settings/?tab=site",
}


@pytest.mark.parametrize("promise", PROMISES)
def test_a_page_that_promises_progress_says_since_when_nobody_works(
    everybody, promise: str
) -> None:
    managing_row()
    url = PROMISES[promise]()
    seen(FOUR_MINUTES)
    since = timezone.now() - FOUR_MINUTES

    html = everybody.get(url).content.decode()

    assert NO_WORKER in html
    assert f"{since:%b, %H:}" in html
    assert "(4\N{NO-BREAK SPACE}minutes)" in html
    assert "docker compose logs" in html


OPEN = {
    "a run": lambda: working().get_absolute_url(),
    "the overview": lambda: working() and "/",
    "an account": lambda: working().account.get_absolute_url(),
    "a bundle": lambda: Bundle.objects.create(number=1).get_absolute_url(),
}


@pytest.mark.parametrize("where", OPEN)
def test_a_page_that_is_open_learns_that_nobody_works_any_more(
    everybody, where: str
) -> None:
    managing_row()
    tasks.heartbeat()
    shown = everybody.get(OPEN[where]())
    while_it_works = asked_again(everybody, shown).status_code
    seen(FOUR_MINUTES)

    assert while_it_works == 204
    assert asked_again(everybody, shown).status_code == 200


@pytest.mark.parametrize("promise", PROMISES)
def test_it_says_nothing_while_a_worker_answers(everybody, promise: str) -> None:
    managing_row()
    url = PROMISES[promise]()
    both_answer()

    html = everybody.get(url).content.decode()

    assert "answered" not in html


def test_a_worker_that_never_was_is_missed() -> None:
    assert str(silence()) == "No worker has answered yet."


def test_a_heartbeat_may_be_late_but_not_for_long() -> None:
    seen(SILENT - timedelta(seconds=EVERY))
    assert silence() is None

    seen(SILENT)
    assert silence() is not None


def test_a_worker_that_is_busy_with_a_long_run_is_not_missed() -> None:
    seen(FOUR_MINUTES)
    run = working()
    assert run.take_lease()

    assert silence() is None

    Run.objects.update(leased_until=timezone.now() - LEASE)
    assert silence() is not None


@pytest.mark.parametrize(
    "task",
    [
        lambda: tasks.carry_on("run", "00000000-0000-0000-0000-000000000000"),
        lambda: tasks.carry_on("bundle", "1"),
        tasks.heartbeat,
    ],
)
def test_whatever_reaches_a_worker_ends_the_silence(task) -> None:
    seen(FOUR_MINUTES)
    Heartbeat.note(broker_lost_at=Now() - FOUR_MINUTES / 2)

    task()

    assert silence() is None


def test_a_broker_that_takes_no_message_is_told_at_once(everybody, managing) -> None:
    tasks.heartbeat()
    run = plan(account_row(), None)

    wake(run)

    html = everybody.get(run.get_absolute_url()).content.decode()
    assert "The broker hasn&#x27;t answered" in html
    assert "Workers find runs in the database." in html
    assert "Runs, bundles" not in html


def test_a_bundle_that_the_broker_does_not_take_tells_it_too() -> None:
    tasks.heartbeat()

    wake(Bundle.objects.create(number=1))

    assert "The broker hasn't answered" in str(silence())


@pytest.mark.django_db(transaction=True)  # a thread with its own connection asks
def test_the_orchestrator_is_told(client) -> None:
    both_answer()
    answers = client.get("/healthz/worker")
    seen(FOUR_MINUTES)
    silent = client.get("/healthz/worker")

    assert (answers.status_code, answers.content[:3]) == (200, b"ok\n")
    assert silent.status_code == 503
    assert silent.content.decode().startswith(f"{NO_WORKER} since 20")
    assert client.get("/healthz").status_code == 200


def test_beat_sends_a_heartbeat_several_times_before_it_is_missed(settings) -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["heartbeat"]

    assert entry["task"] == tasks.heartbeat.name
    assert timedelta(seconds=3 * entry["schedule"]) < SILENT
    assert entry["schedule"] == EVERY
