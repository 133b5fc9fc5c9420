"""How AWS answered this process, counted until somebody takes the numbers."""

from __future__ import annotations

import os
from collections import Counter
from threading import Lock
from typing import NamedTuple


class Answer(NamedTuple):
    operation: str
    """In boto3's words: `iam:GetRole`."""
    error: str
    """Empty: none. Else one of few words, whatever AWS or a proxy writes."""


class Answers:
    """A count that threads add to."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.lock = Lock()
        self.counts: Counter[Answer] = Counter()

    def add(self, answers: Counter[Answer]) -> None:
        with self.lock:
            self.counts += answers

    def take(self) -> Counter[Answer]:
        """Return what was counted since this was called last."""
        with self.lock:
            counts, self.counts = self.counts, Counter()
        return counts


ANSWERS = Answers()
# What was counted before a fork is the parent's: its child would count it once more.
os.register_at_fork(after_in_child=ANSWERS.begin)
