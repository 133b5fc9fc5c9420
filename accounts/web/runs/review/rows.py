"""The rows of a diff as HTML.

A page shows thousands of them: a template takes five times as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from accounts.web.runs.review.diff import DiffLine, DiffRow

ROW = '<div class="diff-row diff-{}">{}{}</div>'
SIDE = (
    '<span class="diff-{}"><span class="diff-number">{}</span>'
    '<span class="diff-sign">{}</span><code>{}</code></span>'
)
"""Filled without escaping: nothing but a line's text is foreign."""

BREAKS = re.compile(r"([:/])(?=[\w*:/$-])(?![^<]*>)")
"""Where an ARN may break: after what divides it, outside the tags of colours."""


def rows_html(rows: Iterable[DiffRow], sides: str) -> SafeString:
    """Write rows with both sides, or with the only one that there is."""
    return mark_safe("\n".join(ROW.format(*cells) for cells in row_cells(rows, sides)))


def row_cells(rows: Iterable[DiffRow], sides: str) -> Iterator[tuple[str, str, str]]:
    for row in rows:
        is_same = row.kind == "same"
        old = "" if sides == "new" else side("old", row.old, "" if is_same else "−")
        new = "" if sides == "old" else side("new", row.new, "" if is_same else "+")
        yield row.kind, old, new


def side(name: str, line: DiffLine | None, sign: str) -> str:
    if line is None:
        return SIDE.format(f"{name} diff-void", "", "", "")
    html = conditional_escape(line.html)
    if "arn:" in html:
        html = mark_safe(BREAKS.sub(r"\1<wbr>", html))
    return SIDE.format(name, line.number, sign, html)
