"""Whether workers answer. Beat sends a heartbeat through the broker to a worker, so one
that arrives proves all three. Moments are the database's: no two clocks are compared.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models.functions import Now

from accounts.models import Heartbeat, Run

EVERY = 15
"""Seconds between two heartbeats."""

SILENT = timedelta(seconds=4 * EVERY)
"""So many may be late: a busy worker, a restart."""


class Silence(NamedTuple):
    """Nobody answers: since when, or never so far."""

    since: datetime | None
    of_broker: bool
    """The broker did not take a message; else no worker answered."""

    @property
    def who(self) -> str:
        return "The broker has not" if self.of_broker else "No worker has"

    def __str__(self) -> str:
        if self.since is None:
            return f"{self.who} answered yet."
        return f"{self.who} answered since {self.since:%Y-%m-%d %H:%M:%S} UTC."


def beat() -> None:
    """Write down that a worker works, and was reached through the broker."""
    Heartbeat.note(seen_at=Now())


def broker_lost() -> None:
    """Write down that the broker did not take a message."""
    Heartbeat.note(broker_lost_at=Now())


def silence() -> Silence | None:
    """Say since when nobody answers; None while somebody does.

    A run that is leased proves a worker, too: where all of them are busy with long
    runs, heartbeats wait in the queue behind others.
    """
    found = Heartbeat.objects.annotate(now=Now()).first()
    seen = found.seen_at if found else None
    lost = found.broker_lost_at if found else None
    if lost and (seen is None or seen < lost):
        return Silence(lost, of_broker=True)
    if found and seen and found.now - seen < SILENT:
        return None
    if Run.objects.filter(leased_until__gt=Now()).exists():
        return None
    return Silence(seen, of_broker=False)
