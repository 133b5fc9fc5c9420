"""Backoff: wait out what AWS will soon answer otherwise, and say so."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from onboarding.aws.errors import AwsError

T = TypeVar("T")

FIRST_DELAY, LONGEST_DELAY = 0.5, 8.0
"""Seconds. IAM is mostly ready within two; longer waits spare a throttled API."""


def silent(sentence: str) -> None:
    """Tell nobody."""


class Clock(NamedTuple):
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


SYSTEM = Clock()


@dataclass(slots=True)
class Backoff:
    """Seconds in total, with back-off and jitter.

    `waiting` hears a sentence before each sleep and an empty one when it is over, in
    the caller's own thread.
    """

    seconds: float
    waiting: Callable[[str], None] = silent
    clock: Clock = SYSTEM
    deadline: float = field(init=False)
    delay: float = field(init=False)
    spoken: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.deadline = self.clock.now() + self.seconds
        self.delay = FIRST_DELAY

    def wait(self, sentence: str) -> bool:
        """Sleep a while; False, at once, where the time is over."""
        left = self.deadline - self.clock.now()
        if left <= 0:
            return False
        self.waiting(f"Waiting for AWS: {sentence}.")
        self.spoken = True
        # Half to one and a half: workers that were throttled together part ways.
        self.clock.sleep(min(left, self.delay * random.uniform(0.5, 1.5)))
        self.delay = min(LONGEST_DELAY, self.delay * 2)
        return True

    def over(self) -> None:
        """Take back the sentence, if one was said, and begin with short delays."""
        if self.spoken:
            self.waiting("")
        self.spoken, self.delay = False, FIRST_DELAY

    def until_done(
        self, act: Callable[[], T], sentence: str, *, again: Callable[[AwsError], bool]
    ) -> T:
        """Return what `act` returns, repeating it after errors that are worth it."""
        try:
            while True:
                try:
                    return act()
                except AwsError as error:
                    if not again(error) or not self.wait(sentence):
                        raise
        finally:
            self.over()
