"""A message about something else is a heartbeat, too, unless one was just written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from accounts.models import Heartbeat
from accounts.work.heartbeat import RECENT, beat, beat_again, broker_lost, silence

pytestmark = pytest.mark.django_db
A_MOMENT = timedelta(seconds=1)


def seen_at() -> Any:
    return Heartbeat.objects.get().seen_at


def test_a_heartbeat_of_a_moment_ago_is_not_written_again() -> None:
    beat()
    Heartbeat.objects.update(seen_at=Now() - A_MOMENT)
    before = seen_at()

    beat_again()

    assert seen_at() == before


def test_an_older_one_is() -> None:
    beat()
    Heartbeat.objects.update(seen_at=Now() - RECENT - A_MOMENT)
    before = seen_at()

    beat_again()

    assert seen_at() > before


def test_the_first_message_after_the_broker_was_lost_says_that_it_is_back() -> None:
    beat()
    Heartbeat.objects.update(seen_at=Now() - A_MOMENT)
    broker_lost()
    assert silence() is not None

    beat_again()

    assert silence() is None
