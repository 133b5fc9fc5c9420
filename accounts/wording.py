"""Words that many sentences share."""

from __future__ import annotations

from collections.abc import Sequence


def counted(count: int) -> str:
    return "1 account" if count == 1 else f"{count:,} accounts"


def first_of(names: Sequence[str], most: int) -> str:
    """Name the first ones, and count the rest: “a, b and 3 more”."""
    more = len(names) - most
    rest = f" and {more:,} more" if more > 0 else ""
    return ", ".join(names[:most]) + rest
