"""A message about something else is a heartbeat, too, unless one was just written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from accounts import tasks
from accounts.models import Heartbeat, Run
from accounts.models.states import Status
from accounts.work.heartbeat import (
    PEOPLE,
    RECENT,
    SCHEDULE,
    SCHEDULE_SILENT,
    beat,
    beat_again,
    broker_lost,
    silence,
)
from tests.rows import run_row

pytestmark = pytest.mark.django_db
A_MOMENT = timedelta(seconds=1)


def seen_at() -> Any:
    return Heartbeat.objects.get().seen_at


def test_a_heartbeat_of_a_moment_ago_is_not_written_again() -> None:
    beat(PEOPLE)
    Heartbeat.objects.update(seen_at=Now() - A_MOMENT)
    before = seen_at()

    beat_again(PEOPLE)

    assert seen_at() == before


def test_an_older_one_is() -> None:
    beat(PEOPLE)
    Heartbeat.objects.update(seen_at=Now() - RECENT - A_MOMENT)
    before = seen_at()

    beat_again(PEOPLE)

    assert seen_at() > before


def test_the_first_message_after_the_broker_was_lost_says_that_it_is_back() -> None:
    beat(PEOPLE)
    Heartbeat.objects.update(seen_at=Now() - A_MOMENT)
    broker_lost()
    assert silence() is not None

    beat_again(PEOPLE)

    assert silence() is None


@pytest.mark.parametrize(
    ("dead", "alive"), [(SCHEDULE, PEOPLE), (PEOPLE, SCHEDULE)], ids=str
)
def test_a_worker_of_one_queue_does_not_speak_for_the_others(
    dead: str, alive: str
) -> None:
    heard = Now() - 2 * SCHEDULE_SILENT
    Heartbeat.note(seen_at=heard, schedule_seen_at=heard)

    beat(alive)

    assert silence(alive) is None
    of = " of the schedule" if dead == SCHEDULE else ""
    assert str(silence(dead)).startswith(f"No worker{of} has answered since 20")


@pytest.mark.parametrize("origin", [Run.Origin.SCHEDULE, Run.Origin.PAGE])
def test_a_run_proves_the_workers_of_its_queue_only(origin: str, managing) -> None:
    run = run_row(Status.VERIFYING, started_from=origin)
    assert run.take_lease()

    silent = {queue for queue in (PEOPLE, SCHEDULE) if silence(queue)}

    assert silent == {PEOPLE if origin == Run.Origin.SCHEDULE else SCHEDULE}


@pytest.mark.parametrize("queue", [PEOPLE, SCHEDULE])
@pytest.mark.parametrize("task", [tasks.heartbeat, tasks.look_at_owners])
def test_a_message_proves_the_workers_of_the_queue_that_it_came_from(
    task: Any, queue: str
) -> None:
    task.apply(routing_key=queue)

    assert [silence(one) is None for one in (PEOPLE, SCHEDULE)] == [
        queue == PEOPLE,
        queue == SCHEDULE,
    ]


def test_beat_sends_a_heartbeat_to_each_queue(settings) -> None:
    sent = [
        entry["options"].get("queue", settings.CELERY_TASK_DEFAULT_QUEUE)
        for entry in settings.CELERY_BEAT_SCHEDULE.values()
        if entry["task"] == tasks.heartbeat.name
    ]

    assert sent == [queue.name for queue in settings.CELERY_TASK_QUEUES]
