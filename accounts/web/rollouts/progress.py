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
from accounts.runs.rollouts.waves import REST, size
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


class Outcome(NamedTuple):
    """What became of a rollout's accounts so far: its badge."""

    colour: str
    icon: str
    text: str


@dataclass(frozen=True, slots=True)
class Speed:
    per_minute: float
    progress: Progress


def outcome(state: str, good: int, failed: int, waiting: int = 0) -> Outcome:
    """Say how a rollout ended, or what it waits for; a state alone says neither.
    `waiting`: for approval, where nothing else is to do first.
    """
    if state != Rollout.State.FINISHED and not waiting:
        return Outcome(BADGES[state].colour, BADGES[state].icon, state)
    counts = [
        (waiting, "need approval" if waiting > 1 else "needs approval"),
        (good, "done"),
        (failed, "failed"),
    ]
    said = ", ".join(f"{count:,} {word}" for count, word in counts if count)
    if failed:
        colour, icon = ("warn", "warning") if good or waiting else ("bad", "cross")
    else:
        colour, icon = BADGES[state].colour, BADGES[state].icon
    return Outcome(colour, icon, said or state)


def stages(rollout: Rollout, census: Census) -> list[Stage]:
    """List what a rollout does one after another, and how far each is."""
    statuses, total = census.statuses, census.total
    unplanned = statuses[Status.PLANNING]
    waiting, failed = statuses[Status.PLANNED], census.wave(None).failed
    planned = total - unplanned - failed
    begun = [wave for wave in waves(rollout, census) if wave.size]
    plan = Stage(
        "Plan",
        "running" if unplanned else "done",
        f"{planned:,} of {total:,}" + (f", {failed:,} failed" if failed else ""),
    )
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
