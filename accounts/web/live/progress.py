"""How far the work has come that is going on now, and how long it will still take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Run
from accounts.models.states import OPEN, WORKING, Status

MINUTE, HOUR = 60, 3600


@dataclass(frozen=True, slots=True)
class Progress:
    """Runs that are worked on, with those that ended since the first of them began."""

    done: int
    total: int
    seconds_left: float | None = None
    """None: nothing ended yet that it could be estimated from."""

    @property
    def counted(self) -> str:
        return f"{self.done:,} of {self.total:,}"

    @property
    def left(self) -> str:
        """Say how long it will still take; empty where that cannot be estimated."""
        if self.seconds_left is None:
            return ""
        if self.seconds_left < MINUTE:
            return "less than a minute left"
        if self.seconds_left < HOUR:
            return f"about {round(self.seconds_left / MINUTE)} min left"
        return f"about {round(self.seconds_left / HOUR)} h left"


@dataclass(frozen=True, slots=True)
class Work:
    """The open runs by status, and when the first that is worked on began."""

    statuses: Mapping[str, int]
    began: datetime | None

    @property
    def working(self) -> int:
        return sum(self.statuses.get(status, 0) for status in WORKING)


def work_of(runs: QuerySet[Run]) -> Work:
    """Count the open ones among these runs."""
    began = Min(Coalesce("approved_at", "created_at"))
    rows = runs.filter(status__in=OPEN).order_by().values("status")
    found = list(rows.annotate(count=Count("pk"), began=began))
    starts = [row["began"] for row in found if row["status"] in WORKING]
    return Work(
        {row["status"]: row["count"] for row in found}, min(starts, default=None)
    )


def ended_since(runs: QuerySet[Run], moment: datetime) -> QuerySet[Run]:
    """Keep those that came to an end, or to a plan, since then."""
    return runs.filter(moved_at__gt=moment).exclude(
        status__in=(*WORKING, Status.APPROVED, Status.DISCARDED)
    )


def progress_of(runs: QuerySet[Run], work: Work) -> Progress | None:
    """Say how far a batch is; None where fewer than two runs make one."""
    if work.began is None:
        return None
    done = ended_since(runs, work.began).count()
    if done + work.working < 2:
        return None
    elapsed = timezone.now() - work.began
    return Progress(
        done, done + work.working, seconds_left(done, work.working, elapsed)
    )


def seconds_left(done: int, working: int, elapsed: timedelta) -> float | None:
    """Estimate from those that ended, however many are worked on at a time."""
    return elapsed.total_seconds() / done * working if done else None
