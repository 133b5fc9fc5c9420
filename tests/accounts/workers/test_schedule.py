"""Beat stores when it sent what: after a clock was ahead, those times are to come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.utils.imports import symbol_by_name
from django.conf import settings


@pytest.fixture
def app() -> Iterator[Celery]:
    made = Celery("beat", set_as_current=False)
    made.conf.update(
        beat_schedule={"sweep": {"task": "sweep", "schedule": 30}}, timezone="UTC"
    )
    yield made
    made.close()


def beat(app: Celery, folder: Path) -> Any:
    scheduler = symbol_by_name(settings.CELERY_BEAT_SCHEDULER)
    return scheduler(app, schedule_filename=str(folder / "beat"), max_interval=300)


def run_ahead(scheduler: Any, app: Celery) -> None:
    scheduler.schedule["sweep"].last_run_at = app.now() + timedelta(hours=1)


def test_beat_starts_again_after_its_clock_was_ahead(app, tmp_path) -> None:
    before = beat(app, tmp_path)
    run_ahead(before, app)
    before.close()
    now = beat(app, tmp_path)

    waits = now.tick()

    now.close()
    assert 0 < waits <= 30


def test_beat_recovers_when_its_clock_is_set_right(app, tmp_path) -> None:
    running = beat(app, tmp_path)
    running.tick()
    run_ahead(running, app)
    running.populate_heap()

    waits = running.tick()

    running.close()
    assert 0 < waits <= 30
