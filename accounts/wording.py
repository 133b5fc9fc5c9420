"""Words that many sentences share: counts, and names in a list."""

from __future__ import annotations

from collections.abc import Sequence


def counted(count: int, one: str = "account", many: str = "") -> str:
    """Write a count with its noun: “1 account”, “2,000 accounts”, “3 people”."""
    return f"1 {one}" if count == 1 else f"{count:,} {many or f'{one}s'}"


def for_count(count: int, one: str, many: str) -> str:
    """Choose the whole sentence for one, or that for many with its `{count}`; other
    braces are text, such as those of a name.
    """
    return one if count == 1 else many.replace("{count}", f"{count:,}")


def listed(names: Sequence[str], word: str = "and") -> str:
    """Name all of them: “ada”, “ada and bob”, “ada, bob, and cleo”."""
    if len(names) < 3:
        return f" {word} ".join(names)
    return f"{', '.join(names[:-1])}, {word} {names[-1]}"


def first_of(names: Sequence[str], most: int) -> str:
    """Name the first ones, and count the rest: “a, b, and 3 more”."""
    more = len(names) - most
    if more > 0:
        return listed([*names[:most], f"{more:,} more"])
    return ", ".join(names)
