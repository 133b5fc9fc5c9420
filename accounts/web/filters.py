"""The form above a list: a search, the choices that most people make, and the others
folded away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Self
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Filter:
    """A parameter of the address, which is typed unless there are options."""

    name: str
    label: str
    """What it is about."""
    says: str = ""
    """What it shows while nothing is chosen or typed."""
    options: Sequence[tuple[str, str]] = ()
    kind: str = "search"
    """What is typed: `search`, or a `day`."""
    often: bool = False
    """Whether most people choose it, so that it is never folded away at a desk."""
    proposals: Sequence[str] = ()
    value: str = ""


@dataclass(frozen=True, slots=True)
class FilterForm:
    label: str
    """What the list has, for a screen reader."""
    where: str
    """The name of the list's URL."""
    path: str
    search: Filter
    often: tuple[Filter, ...]
    others: tuple[Filter, ...]
    kept: tuple[tuple[str, str], ...]
    """What else the address says, which stays."""
    is_filtered: bool

    @classmethod
    def of(
        cls,
        asked: QueryDict,
        label: str,
        url: str,
        filters: Iterable[Filter],
        *,
        kept: Iterable[str] = (),
        narrows: Iterable[str] = (),
    ) -> Self:
        """Make the form of what the address asks for. `narrows` are parameters that
        have no field, and that “Clear” takes away with the others.
        """
        search, *rest = [
            replace(one, value=asked.get(one.name, "").strip()) for one in filters
        ]
        stays = [key for key in chain(kept, narrows) if asked.get(key)]
        return cls(
            label=label,
            where=url.partition(":")[2],
            path=reverse(url),
            search=search,
            often=tuple(one for one in rest if one.often),
            others=tuple(one for one in rest if not one.often),
            kept=tuple((key, asked.get(key, "")) for key in stays),
            is_filtered=any(one.value for one in [search, *rest])
            or any(asked.get(key) for key in narrows),
        )

    @property
    def query(self) -> str:
        """Write what is chosen, typed and kept as the address does; empty: nothing."""
        fields = (self.search, *self.often, *self.others)
        said = {one.name: one.value for one in fields if one.value}
        return urlencode({**said, **dict(self.kept)}) if self.is_filtered else ""

    @property
    def chosen(self) -> int:
        """Count what is chosen, without the search."""
        return sum(bool(one.value) for one in (*self.often, *self.others))

    @property
    def chosen_others(self) -> int:
        return sum(bool(one.value) for one in self.others)


def with_titles(titles: Iterable[str]) -> list[tuple[str, str]]:
    """Offer what is shown as it is in the address."""
    return [(title, title) for title in titles]
