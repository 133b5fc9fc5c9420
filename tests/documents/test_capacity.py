"""The page for users has the figures that were measured, and no others."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_for_users_has_the_figures_of_the_benchmarks() -> None:
    pages = [DOCS / "developers" / f"{one}.md" for one in ("benchmarks", "hosts")]
    measured = "".join(page.read_text() for page in pages)
    page = (DOCS / "operate" / "capacity.md").read_text()
    rows = [line for line in page.splitlines() if re.match(r"\|.*\d", line)]
    (accounts,) = re.findall(r"([\d,]+) accounts are verified in one night", page)

    assert [line for line in rows if line not in measured] == []
    assert len(rows) > 5
    assert f"{accounts} accounts are verified in a night" in measured
