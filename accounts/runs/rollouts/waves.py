"""Which accounts of a rollout to start, and when to stop: values in, a value out.

Three waves: the first few, then some percent, then the rest. A wave is over when each
of its accounts is verified or has failed; nothing of the next one starts before.
"""

from __future__ import annotations

from dataclasses import dataclass

from accounts.wording import counted

REST = 3
"""The last wave, which takes whatever is left."""

TRY_FIRST = (
    "Wave {} is done. Deploy with Spinnaker in its accounts, verify them again, and "
    "resume the rollout."
)
FEW = 10
"""Of fewer accounts, each one that fails would be over the usual limit of a wave."""


@dataclass(frozen=True, slots=True)
class Settings:
    first_wave: int
    second_percent: int
    at_once: int
    most_failures: int
    failure_percent: int
    waits: bool = False
    """Whether a person resumes it after each wave."""
    follows: bool = False
    """Whether more than `at_once` start where workers have threads for them."""


@dataclass(frozen=True, slots=True)
class Wave:
    """How many of the accounts that were started in it are how far."""

    working: int = 0
    good: int = 0
    failed: int = 0
    tolerated: int = 0
    """Of those that failed: known when a person resumed the rollout."""
    known: int = 0
    """Of all: how far they are was known then."""
    carried: int = 0
    """Of those that are working: a thread of a worker has them now."""

    @property
    def started(self) -> int:
        return self.working + self.good + self.failed

    @property
    def counted(self) -> int:
        """Count the failures that may stop it."""
        return self.failed - self.tolerated


@dataclass(frozen=True, slots=True)
class Counts:
    undecided: int = 0
    """Still planned, or waiting for approval."""
    approved: int = 0
    """Waiting for their wave."""
    waves: tuple[Wave, Wave, Wave] = (Wave(), Wave(), Wave())
    in_common: str | None = None
    """What failed and may concern other accounts, in a sentence; empty: nothing. None:
    whatever failed counts, by the settings.
    """

    @property
    def total(self) -> int:
        return self.undecided + self.approved + sum(w.started for w in self.waves)

    @property
    def working(self) -> int:
        return sum(wave.working for wave in self.waves)

    @property
    def carried(self) -> int:
        return sum(wave.carried for wave in self.waves)

    @property
    def failed(self) -> int:
        """Count the failures that may stop it."""
        return sum(wave.counted for wave in self.waves)


@dataclass(frozen=True, slots=True)
class Next:
    wave: int
    """The wave that is in progress, or begins now."""
    start: int = 0
    """How many of the approved accounts to start in it now."""
    pause: str = ""
    """Why nothing more is to be started until a person resumes; empty: continue."""


def size(wave: int, settings: Settings, total: int) -> int:
    """Say how many accounts a wave has; the last one has room for all."""
    if wave == 1:
        return settings.first_wave
    if wave == REST:
        return total
    return max(1, -(-total * settings.second_percent // 100))


def next_step(counts: Counts, settings: Settings) -> Next:
    """Decide what to start now."""
    begun = [place for place, wave in enumerate(counts.waves, 1) if wave.started]
    number = max(begun, default=1)
    if reason := failures(number, counts, settings):
        return Next(number, pause=reason)
    wave = counts.waves[number - 1]
    room = size(number, settings, counts.total) - wave.started
    if room <= 0 and not wave.working and number < REST:
        if settings.waits and wave.known < wave.started:
            return Next(number, pause=TRY_FIRST.format(number))
        number += 1
        room = size(number, settings, counts.total)
    free = most_at_once(counts, settings) - counts.working
    return Next(number, start=max(0, min(room, free, counts.approved)))


def most_at_once(counts: Counts, settings: Settings) -> int:
    """Say how many accounts may be in progress. As workers show how many threads they
    have only by what they carry, that is a quarter more: some wait for each thread that
    becomes free, and a pause has few to wait for.
    """
    if not settings.follows:
        return settings.at_once
    return max(settings.at_once, -(-counts.carried * 5 // 4))


def failures(number: int, counts: Counts, settings: Settings) -> str:
    """Say which limit the failures have reached; empty: none."""
    if counts.in_common is not None:
        return counts.in_common
    if reason := too_many(counts, settings.most_failures):
        return reason
    wave = counts.waves[number - 1]
    planned = min(size(number, settings, counts.total), counts.total)
    of = max(wave.started, planned)
    if wave.counted and wave.counted * 100 >= settings.failure_percent * of:
        return (
            f"{counted(wave.counted)} of {of:,} in wave {number} failed. The limit is "
            f"{settings.failure_percent}%."
        )
    return ""


def too_many(counts: Counts, most: int) -> str:
    """Say that this number of accounts has failed; empty: fewer have."""
    if counts.failed < most:
        return ""
    return f"{counted(counts.failed)} failed. The limit is {most:,}."
