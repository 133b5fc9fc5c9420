"""Two files side by side, by their lines. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, takewhile

from django.utils.html import escape

from accounts.web.runs.review.diff import (
    Diff,
    Hunk,
    diff_of,
    hunks,
    numbered,
    zip_sides,
)

MOST_LINES = 1500
"""Of two files no more lines than this are compared: it would take seconds."""


def compare_texts(
    before: str | None, after: str | None, coloured: Callable[[str], str] = escape
) -> Diff | None:
    """Compare two files by their lines; None: too much differs to be shown.

    Of unchanged lines only those near a change are kept.
    """
    old, new = (tuple((text or "").splitlines()) for text in (before, after))
    head = common(old, new)
    tail = common(old[head:][::-1], new[head:][::-1])
    middle = old[head : len(old) - tail], new[head : len(new) - tail]
    if max(map(len, middle)) > MOST_LINES:
        return None
    lines = chain(
        zip(old[:head], new[:head], strict=True),
        zip_sides(*middle, *middle),
        zip(old[len(old) - tail :], new[len(new) - tail :], strict=True),
    )
    rows = tuple(numbered(lines, coloured, exact=True))
    return diff_of(rows, without_folded(hunks(rows)))


def common(one: Sequence[str], other: Sequence[str]) -> int:
    """Count the lines with which both begin."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def without_folded(found: Iterable[Hunk]) -> Iterator[Hunk]:
    for hunk in found:
        is_same = hunk.kind == "folded" and not hunk.sign
        yield hunk._replace(rows=()) if is_same else hunk
