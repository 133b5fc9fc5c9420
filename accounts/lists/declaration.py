"""What a list is: its filters with all that each can say, its order, and its columns.
The form of its page, its file, and the parameters of the API are made from it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.people.roles import VIEWER, UserRole
from onboarding.accounts_file.spreadsheet import csv_row

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from accounts.people.role_limits.limits import Person


Value: TypeAlias = str | int | datetime | list[str] | dict[str, Any] | None

Columns: TypeAlias = Mapping[str, Callable[[Any], Value]]

AT_ONCE = 1000
"""The rows that are read at once."""

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "yaml": "application/yaml; charset=utf-8",
}


def dated(name: str, form: str) -> str:
    return f"bowline-{name}-{timezone.now():%Y-%m-%d}.{form}"


def cells_of(columns: Columns, row: Any) -> dict[str, Value]:
    return {name: value(row) for name, value in columns.items()}


def lines_of_file(form: str, columns: Columns, rows: Iterable[Any]) -> Iterator[str]:
    return {"csv": csv_lines, "json": json_lines}[form](columns, rows)


def csv_lines(columns: Columns, rows: Iterable[Any]) -> Iterator[str]:
    yield csv_row(columns)
    for row in rows:
        yield csv_row(map(cell, cells_of(columns, row).values()))


def cell(value: Value) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat()
        case list():
            return ", ".join(value)
        case dict():
            return json.dumps(value, sort_keys=True)
    return str(value)


def json_lines(columns: Columns, rows: Iterable[Any]) -> Iterator[str]:
    before = "["
    for row in rows:
        text = json.dumps(cells_of(columns, row), default=datetime.isoformat)
        yield f"{before}\n{text}"
        before = ","
    yield "\n]\n" if before == "," else "[]\n"


Choices: TypeAlias = Sequence[tuple[str, str]]
Rows = TypeVar("Rows", bound=QuerySet[Any])

NOTHING = Q(pk__in=[])


@dataclass(frozen=True, slots=True)
class Filter:
    """A parameter of the list's page, of its file, and of the API."""

    name: str
    condition: Callable[..., Q]
    """Of what it says."""
    label: str = ""
    """What it is about; empty: pages lead to it, and none has a field for it."""
    choices: Choices = ()
    """All that it can say, with their titles; empty: any text."""
    help: str = ""
    """What the API's description says."""
    words: str = ""
    """The name of the choices in the API, by default its own and “Filter”."""
    unasked: str = ""
    """What its field shows while nothing is chosen, by default “Any …”; or typed, by
    default the label.
    """
    kind: str = "search"
    """What is typed: `search`, `proposed`, which is a search, too, or a `day`."""
    often: bool = False
    """Whether most people choose it, so that it is never folded away at a desk."""
    of_person: bool = False
    """Whether the condition is that of who asks, whatever it says."""
    offered: Sequence[str] = ()
    """Of many choices, those that the page offers; empty: all."""

    @property
    def closed_set(self) -> str:
        return self.words or f"{self.name.title()}Filter"

    def options(self, value: str) -> Choices:
        """Return what the page offers, and what the address says of the others."""
        kept = (*self.offered, value)
        return [one for one in self.choices if not self.offered or one[0] in kept]

    def finds(self, value: str, person: Person | None) -> Q:
        """Return the condition; what is no choice finds nothing."""
        if self.choices and value not in dict(self.choices):
            return NOTHING
        return self.condition(person if self.of_person else value)


class FilterField(NamedTuple):
    of: Filter
    value: str
    options: Choices

    @property
    def says(self) -> str:
        label, is_chosen = self.of.label, self.options and self.of.kind != "proposed"
        usual = f"Any {label[0].lower()}{label[1:]}" if is_chosen else label
        return self.of.unasked or usual


@dataclass(frozen=True, slots=True)
class FilterForm:
    """The form above a list: a search, the choices that most people make, and the
    others folded away.
    """

    of: Listing
    search: FilterField
    often: list[FilterField]
    others: list[FilterField]
    kept: dict[str, str]
    """What else the address says, which stays."""
    is_filtered: bool

    @property
    def path(self) -> str:
        return reverse(f"accounts:{self.of.name}")

    @property
    def query(self) -> str:
        """Write what is chosen, typed and kept as the address does; empty: nothing."""
        fields = (self.search, *self.often, *self.others)
        said = {one.of.name: one.value for one in fields if one.value}
        return urlencode({**said, **self.kept}) if self.is_filtered else ""

    @property
    def chosen(self) -> int:
        """Count what is chosen, without the search."""
        return sum(bool(one.value) for one in (*self.often, *self.others))

    @property
    def chosen_others(self) -> int:
        return sum(bool(one.value) for one in self.others)


@dataclass(frozen=True, slots=True)
class Listing:
    name: str
    """Of its page's URL, and of its files."""
    filters: tuple[Filter, ...]
    title: str = ""
    """What it has, for a screen reader."""
    sorts: Mapping[str, str] = field(default_factory=dict)
    """The columns that its page sorts by, with their headings; the first: unasked."""
    then: tuple[str, ...] = ()
    """The order of rows that are equal in the column."""
    columns: Columns = field(default_factory=dict)
    """Of its file."""
    exported: Callable[[QueryDict, User], Iterable[Any]] | None = None
    """Reads the rows of its file; None: it has none."""
    role: UserRole = VIEWER
    """Who may have the file."""

    def matching(
        self, rows: Rows, asked: QueryDict, person: Person | None = None
    ) -> Rows:
        """Keep the rows that meet each filter of the address that says something."""
        for one, value in self.said(asked):
            rows = rows.filter(one.finds(value, person))
        return rows

    def said(self, asked: QueryDict) -> list[tuple[Filter, str]]:
        found = ((one, asked.get(one.name, "").strip()) for one in self.filters)
        return [(one, value) for one, value in found if value]

    def values(self, asked: QueryDict) -> dict[str, str]:
        return {one.name: asked.get(one.name, "").strip() for one in self.filters}

    def ordered(self, rows: Rows, asked: QueryDict) -> Rows:
        return rows.order_by(self.sort_of(asked), *self.then)

    def sort_of(self, asked: QueryDict) -> str:
        sort = asked.get("sort", "")
        return sort if sort.removeprefix("-") in self.sorts else next(iter(self.sorts))

    def form(self, asked: QueryDict, **offered: Choices) -> FilterForm:
        """Make the form of what the address asks for. `offered` are the choices of
        filters that depend on rows, or on who looks; without any, there is no field.
        """
        said = self.values(asked)
        search, *fields = (
            FilterField(
                one, said[one.name], offered.get(one.name, one.options(said[one.name]))
            )
            for one in self.filters
            if one.label and (one.name not in offered or offered[one.name])
        )
        narrowed = {
            one.name: said[one.name]
            for one in self.filters
            if said[one.name] and not one.label
        }
        sorted_by = self.sort_of(asked) if self.sorts else ""
        is_sorted = self.sorts and sorted_by != next(iter(self.sorts))
        return FilterForm(
            of=self,
            search=search,
            often=[one for one in fields if one.of.often],
            others=[one for one in fields if not one.of.often],
            kept={**({"sort": sorted_by} if is_sorted else {}), **narrowed},
            is_filtered=any(one.value for one in [search, *fields]) or bool(narrowed),
        )


def with_titles(titles: Iterable[str]) -> Choices:
    """Offer what is shown as it is in the address."""
    return [(title, title) for title in titles]
