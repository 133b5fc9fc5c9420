"""docs/reference/states.md has every state that a page or the API shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from accounts.models.standing import WORDS
from accounts.models.states import Status
from onboarding.checks import Outcome

DOCUMENT = (Path(__file__).parents[2] / "docs" / "reference" / "states.md").read_text()


@pytest.mark.parametrize(
    ("part", "known"),
    [
        ("Accounts", WORDS),
        ("Runs", tuple(Status.values)),
        ("Checks of a verification", tuple(Outcome)),
    ],
)
def test_each_state_has_a_row(part: str, known: tuple[str, ...]) -> None:
    rows = DOCUMENT.partition(f"\n## {part}\n")[2].partition("\n## ")[0]

    found = re.findall(r"^\| ([a-z][^|]*?) \|", rows, re.MULTILINE)
    assert [one.lower() for one in found] == [*known]
