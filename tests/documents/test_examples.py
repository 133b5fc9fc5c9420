"""The examples of the API, which tests/journey runs, as the documentation has them."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = DOCS / "examples"


def test_the_docs_show_the_examples_word_for_word() -> None:
    page = (DOCS / "onboard" / "automate.md").read_text()

    assert (EXAMPLES / "onboard.py").read_text() in page
    assert (EXAMPLES / "onboard_in_short.py").read_text() in page


def test_the_short_example_has_a_dozen_lines_below_its_settings() -> None:
    _, lines = (EXAMPLES / "onboard_in_short.py").read_text().split("\n\n\n", 1)

    assert len([line for line in lines.splitlines() if line]) <= 12
