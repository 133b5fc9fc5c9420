"""Many rows a slice at a time: statements take few keys, transactions must be short."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

AT_ONCE = 500
"""Keys in one statement: SQLite takes no more than some thousand parameters."""


def in_slices(items: Sequence[T], size: int = AT_ONCE) -> Iterator[Sequence[T]]:
    for first in range(0, len(items), size):
        yield items[first : first + size]
