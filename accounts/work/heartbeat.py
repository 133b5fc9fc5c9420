"""Whether workers answer, and whether the database takes what they write."""

from __future__ import annotations

import logging
import socket
import sqlite3
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import DatabaseError
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Heartbeat, Run
from accounts.models.lease import THE_ONE

FULL = "The disk of Bowline's database is full. Free space on it, and try again."
READ_ONLY = "Bowline's database is read-only. Make it writable, and try again."
BY_CODE = {sqlite3.SQLITE_FULL: FULL, sqlite3.SQLITE_READONLY: READ_ONLY}
BY_SQLSTATE = {"53100": FULL, "25006": READ_ONLY}
"""PostgreSQL's disk_full and read_only_sql_transaction."""
PRIMARY = 0xFF
"""The part of an extended code of SQLite that says what went wrong."""


def why_unwritable(error: BaseException | None) -> str:
    """Say why nothing can be saved; empty where the error is about something else."""
    if not isinstance(error, DatabaseError):
        return ""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return BY_CODE.get(getattr(cause, "sqlite_errorcode", 0) & PRIMARY, "")
    return BY_SQLSTATE.get(str(getattr(cause, "sqlstate", "")), "")


logger = logging.getLogger(__name__)

PEOPLE, SCHEDULE = "bowline", "schedule"
"""The queues: what people wait for, and what nobody does. Each has its own workers, or
threads of its own in a worker that serves both.
"""

SEEN = {PEOPLE: "seen_at", SCHEDULE: "schedule_seen_at"}
OF_QUEUE = {
    PEOPLE: ~Q(started_from=Run.Origin.SCHEDULE),
    SCHEDULE: Q(started_from=Run.Origin.SCHEDULE),
}
"""Whose runs a queue's workers carry."""

EVERY = 15
"""Seconds between two heartbeats."""

SILENT = timedelta(seconds=4 * EVERY)
"""How many may be late: a busy worker, a restart."""

SCHEDULE_SILENT = timedelta(minutes=3)
"""The same of the schedule: a slow mail server keeps its only process busy."""

RECENT = timedelta(seconds=5)
"""How long a heartbeat counts before a message about something else writes one, too."""

SKEWED = timedelta(seconds=30)
"""NTP keeps clocks within milliseconds; AWS accepts what is signed within minutes."""

SKEW_KEPT = timedelta(hours=1)
"""How long a wrong clock is reported after the last comparison.
"""


class Silence(NamedTuple):
    """Nobody answers: since when, or never so far."""

    since: datetime | None
    of_broker: bool
    """The broker did not take a message; else no worker answered."""
    queue: str = PEOPLE

    @property
    def who(self) -> str:
        if self.of_broker:
            return "The broker hasn't"
        of = " of the schedule" if self.queue == SCHEDULE else ""
        return f"No worker{of} has"

    def __str__(self) -> str:
        if self.since is None:
            return f"{self.who} answered yet."
        return f"{self.who} answered since {self.since:%Y-%m-%d %H:%M:%S} UTC."


class Skew(NamedTuple):
    """A worker's clock is wrong, or the database's is."""

    host: str
    seconds: int
    """How far it is ahead of the database's; negative: behind it."""

    def __str__(self) -> str:
        where = "ahead of" if self.seconds > 0 else "behind"
        return (
            f"The clock of the worker on {self.host} is {abs(self.seconds)} seconds "
            f"{where} the database's clock. AWS refuses requests if the clock is off "
            "by minutes. Turn on NTP on both hosts: timedatectl set-ntp true."
        )


def beat(queue: str) -> None:
    """Write down that a worker works, and was reached through the broker."""
    Heartbeat.note(**{SEEN[queue]: Now()})
    compare_clocks()


def beat_again(queue: str) -> None:
    """Do so unless that was a moment ago: messages come by the thousand."""
    recent = Heartbeat.objects.filter(**{f"{SEEN[queue]}__gt": Now() - RECENT})
    if not recent.exclude(broker_lost_at__gt=F(SEEN[queue])).exists():
        beat(queue)


def swept() -> None:
    """Write down that lost messages were sent again."""
    Heartbeat.note(swept_at=Now())


def compare_clocks() -> None:
    """Compare this host's clock with the database's, and write down if it is wrong."""
    host = socket.gethostname()
    ours = Heartbeat.objects.filter(skewed_host=host)
    skew = Skew(host, round(ahead_of_database().total_seconds()))
    if abs(skew.seconds) <= SKEWED.total_seconds():
        ours.update(skewed_host="", skewed_at=None)
        return
    if not ours.exists():
        logger.warning("%s", skew)
    Heartbeat.note(skewed_host=host, skew_seconds=skew.seconds, skewed_at=Now())


def ahead_of_database() -> timedelta:
    """Return how far this host's clock is ahead, from the middle of the query."""
    Heartbeat.objects.get_or_create(id=THE_ONE)
    before = timezone.now()
    theirs: datetime = Heartbeat.objects.values_list(Now(), flat=True).get()
    return before + (timezone.now() - before) / 2 - theirs


def clock_skew() -> Skew | None:
    """Say whose clock was found wrong; None while all are right."""
    found = Heartbeat.objects.filter(skewed_at__gt=Now() - SKEW_KEPT).first()
    return Skew(found.skewed_host, found.skew_seconds) if found else None


def broker_lost() -> None:
    """Write down that the broker did not take a message."""
    Heartbeat.note(broker_lost_at=Now())


def silence(queue: str = PEOPLE, after: timedelta | None = None) -> Silence | None:
    """Say since when nobody answers; None while somebody does.

    A run that is leased proves a worker, too: where all of them are busy with long
    runs, heartbeats wait in the queue behind others.
    """
    found = Heartbeat.objects.annotate(now=Now()).first()
    seen = getattr(found, SEEN[queue]) if found else None
    lost = found.broker_lost_at if found else None
    if lost and (seen is None or seen < lost):
        return Silence(lost, of_broker=True, queue=queue)
    after = after or (SCHEDULE_SILENT if queue == SCHEDULE else SILENT)
    if found and seen and found.now - seen < after:
        return None
    if Run.objects.filter(OF_QUEUE[queue], leased_until__gt=Now()).exists():
        return None
    return Silence(seen, of_broker=False, queue=queue)
