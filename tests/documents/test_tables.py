"""A table has as many separators as headers, or nothing shows it as one."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAD = re.compile(r"^(\|.*\|)\n(\|[ :|-]+\|)$", re.MULTILINE)


def cells(line: str) -> int:
    return len(re.split(r"(?<!\\)\|", line)) - 2


def test_a_table_has_a_separator_for_each_header() -> None:
    tables = [
        (path.name, *head)
        for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        for head in HEAD.findall(path.read_text())
    ]

    assert len(tables) > 50
    assert [one for one in tables if cells(one[1]) != cells(one[2])] == []
