"""How far a rollout is, as its page shows it: a bar, its waves, how fast it goes.

Counted by the database: a page costs the same for ten thousand accounts as for ten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from typing import NamedTuple

from django.db.models.functions import Now

from accounts.models import Rollout
from accounts.models.states import BADGES, Status
from accounts.runs.rollouts.census import Census, runs_of, settings_of
from accounts.runs.rollouts.waves import REST, size
from accounts.web.live.progress import Progress

ORDER = (
    Status.VERIFIED,
    Status.EVALUATED,
    Status.REMOVED,
    Status.HANDED_OFF,
    Status.FAILED,
    Status.ERRORED,
    Status.OUTDATED,
    Status.VERIFYING,
    Status.APPLYING,
    Status.APPROVED,
    Status.PLANNED,
    Status.PLANNING,
)
"""From what is done to what has not begun."""

RECENT = timedelta(minutes=5)
"""How long back it is measured how fast accounts end."""


class Segment(NamedTuple):
    status: str
    colour: str
    accounts: int
    start: float
    """Where it begins, in percent of the bar."""
    width: float


class WaveRow(NamedTuple):
    number: int
    size: int
    started: int
    working: int
    good: int
    failed: int
    state: str
    """`done`, `failed`, `running` or `pending`: each has a badge."""


@dataclass(frozen=True, slots=True)
class Speed:
    per_minute: float
    progress: Progress


def segments(census: Census) -> list[Segment]:
    """Cut the bar, a piece a status, without those that were discarded."""
    found = [(status, census.statuses[status]) for status in ORDER]
    widths = [100 * accounts / (census.total or 1) for _, accounts in found]
    starts = accumulate(widths, initial=0.0)
    return [
        Segment(status, BADGES[status].colour, accounts, round(start, 3), width)
        for (status, accounts), start, width in zip(found, starts, widths, strict=False)
        if accounts
    ]


def waves(rollout: Rollout, census: Census) -> Iterator[WaveRow]:
    """Say of each wave how many accounts it has, and how far they are."""
    if not rollout.has_waves:
        return
    left, before_is_over = census.counts.total, True
    for number in range(1, REST + 1):
        wave = census.wave(number)
        planned = size(number, settings_of(rollout), census.counts.total)
        accounts = max(wave.started, min(planned, left))
        left = max(0, left - accounts)
        is_over = before_is_over and wave.started >= accounts and not wave.working
        before_is_over = is_over
        ended = "failed" if wave.failed else "done"
        state = ended if is_over else "running" if wave.started else "pending"
        yield WaveRow(
            number,
            accounts,
            wave.started,
            wave.working,
            wave.good,
            wave.failed,
            state,
        )


def speed(rollout: Rollout, census: Census) -> Speed | None:
    """Measure how many accounts ended lately, and how long the rest will take; None
    where nothing did.
    """
    recent = runs_of(rollout).filter(finished_at__gt=Now() - RECENT)
    ended = recent.exclude(status=Status.DISCARDED).count()
    if not ended:
        return None
    per_second = ended / RECENT.total_seconds()
    left = census.open
    progress = Progress(census.total - left, census.total, left / per_second)
    return Speed(per_second * 60, progress)
