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
from accounts.models.states import BADGES, WORKING, Status
from accounts.runs.rollouts.census import Census, runs_of, settings_of
from accounts.runs.rollouts.waves import size
from accounts.web.live.progress import Progress
from accounts.web.runs.timeline import Stage
from accounts.wording import counted

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


def stages(rollout: Rollout, census: Census) -> list[Stage]:
    """List what a rollout does one after another, and how far each is."""
    statuses, total = census.statuses, census.total
    unplanned = statuses[Status.PLANNING]
    waiting, failed = statuses[Status.PLANNED], census.wave(None).failed
    planned = total - unplanned - failed
    begun = [wave for wave in waves(rollout, census) if wave.size]
    about = f"{planned:,} of {total:,}" + (f", {failed:,} failed" if failed else "")
    if not rollout.has_waves:
        ended = census.good + census.failed
        state = "failed" if census.failed else "done"
        about = f"{ended:,} of {total:,}" + (f", {failed:,} failed" if failed else "")
        return [Stage("Verify", state if ended == total else "running", about)]
    ended_badly = "done" if planned or not failed else "failed"
    plan = Stage("Plan", "running" if unplanned else ended_badly, about)
    approve = Stage(
        "Approve",
        "ahead" if not planned else "waiting" if waiting else "done",
        f"{planned - waiting:,} of {planned:,}",
    )
    return [plan, approve, *(stage_of(wave) for wave in begun)]


def stage_of(wave: WaveRow) -> Stage:
    states = {"pending": "ahead", "running": "running", "failed": "failed"}
    ended = [(wave.good, "done"), (wave.failed, "failed")]
    counts = "".join(f", {count:,} {word}" for count, word in ended if count)
    about = f"{counted(wave.size)}{counts}"
    return Stage(f"Wave {wave.number}", states.get(wave.state, "done"), about)


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
    counts = census.counts
    left = counts.undecided + counts.approved
    begun = [number for number, wave in enumerate(counts.waves, 1) if wave.started]
    latest = max(begun, default=1)
    for number, wave in enumerate(counts.waves, 1):
        coming = 0
        if number >= latest:
            room = size(number, settings_of(rollout), counts.total) - wave.started
            coming = max(0, min(room, left))
            left -= coming
        is_over = not (coming or wave.working)
        ended = "failed" if wave.failed else "done"
        state = ended if is_over else "running" if wave.started else "pending"
        accounts = wave.started + coming
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
    where nothing did, or where only people are waited for.
    """
    if not sum(census.statuses[status] for status in WORKING):
        return None
    recent = runs_of(rollout).filter(finished_at__gt=Now() - RECENT)
    ended = recent.exclude(status=Status.DISCARDED).count()
    if not ended:
        return None
    per_second = ended / RECENT.total_seconds()
    left = census.open
    progress = Progress(census.total - left, census.total, left / per_second)
    return Speed(per_second * 60, progress)
