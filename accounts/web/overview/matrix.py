"""Environments as rows of counts: how many of their accounts are in which state.

With many accounts this is what people compare; a picture of hundreds says nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from accounts.lists.accounts import NO_ENVIRONMENT
from accounts.lists.overview import Counts, accounts_url
from accounts.models.standing import (
    FAILING,
    IN_PROGRESS,
    OLD,
    PARTLY,
    TOGETHER,
    WORDS,
)
from accounts.models.states import BADGES, State
from accounts.people.policies import is_production

FIRST = 20
"""The most environments that are shown unfolded."""


class Column(NamedTuple):
    title: str
    """What the list of accounts is searched by, too."""
    colour: str
    icon: str


COLUMNS = tuple(
    Column(title, colour, BADGES[icon_of].icon)
    for title, colour, icon_of in (
        (State.VERIFIED, "good", State.VERIFIED),
        (State.EVALUATED, "neutral", State.EVALUATED),
        (PARTLY, "warn", "cannot deploy"),
        (State.DRIFTED, "warn", State.DRIFTED),
        (OLD, "neutral", State.OUTDATED),
        (State.DRAFT, "neutral", State.DRAFT),
        (IN_PROGRESS, "busy", State.APPLYING),
        (FAILING, "bad", State.FAILED),
    )
)
COLUMN_OF = {
    word: next(c.title for c in COLUMNS if word in TOGETHER.get(c.title, (c.title,)))
    for word in WORDS
}


class Cell(NamedTuple):
    column: Column
    accounts: int
    url: str


class Part(NamedTuple):
    """A piece of a bar that is 100 wide."""

    colour: str
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class EnvironmentRow:
    """An environment."""

    name: str
    counts: Counter[str]
    """By the title of a column."""
    columns: list[Column]
    oldest: datetime | None
    """When the account was verified whose proof is the oldest."""

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def url(self) -> str:
        return self.filtered()

    def filtered(self, **filters: str) -> str:
        """Name the list of its accounts."""
        asked = {"environment": self.name or NO_ENVIRONMENT, **filters}
        return f"{accounts_url()}?{urlencode(asked)}"

    @property
    def cells(self) -> list[Cell]:
        return [
            Cell(one, self.counts[one.title], self.filtered(state=one.title))
            for one in self.columns
        ]

    @property
    def bar(self) -> list[Part]:
        parts, before = [], 0
        for column in self.columns:
            count = self.counts[column.title]
            start, width = 100 * before / self.total, 100 * count / self.total
            parts.append(Part(column.colour, start, width))
            before += count
        return parts

    @property
    def urgency(self) -> tuple[bool, int, int, str]:
        """Sort production first, then by failures, and by drift."""
        drifted = self.counts[State.DRIFTED]
        failing = self.counts[FAILING]
        return not is_production(self.name), -failing, -drifted, self.name


class Matrix(NamedTuple):
    columns: list[Column]
    """Those in which any account is."""
    first: list[EnvironmentRow]
    more: list[EnvironmentRow]


def matrix_of(counts: Counts) -> Matrix:
    """Count by environment and column, the environment that needs somebody first."""
    found: dict[str, Counter[str]] = {}
    oldest: dict[str, datetime] = {}
    for one in counts:
        columns = found.setdefault(one.environment, Counter())
        columns[COLUMN_OF[one.word]] += one.accounts
        if one.oldest:
            before = oldest.get(one.environment, one.oldest)
            oldest[one.environment] = min(before, one.oldest)
    used = [c for c in COLUMNS if any(row[c.title] for row in found.values())]
    rows = [EnvironmentRow(name, found[name], used, oldest.get(name)) for name in found]
    rows.sort(key=lambda row: row.urgency)
    return Matrix(used, rows[:FIRST], rows[FIRST:])
