"""Many rows a slice at a time: statements take few keys, transactions must be short."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from django.db.models import Model, QuerySet

T = TypeVar("T")
Row = TypeVar("Row", bound=Model)

AT_ONCE = 500
"""Keys in one statement: SQLite takes no more than some thousand parameters."""


def in_slices(items: Sequence[T], size: int = AT_ONCE) -> Iterator[Sequence[T]]:
    for first in range(0, len(items), size):
        yield items[first : first + size]


def read_in_slices(
    found: QuerySet[Row], shown: QuerySet[Row]
) -> Iterator[Sequence[Row]]:
    """Yield what is found, in its order, each slice with the columns that are shown.

    Only the keys are held. A cursor on the server would need its connection to itself,
    which a pooler that shares connections by transaction does not give.
    """
    for keys in in_slices(list(found.values_list("pk", flat=True))):
        rows = shown.in_bulk(keys)
        yield [rows[key] for key in keys if key in rows]
