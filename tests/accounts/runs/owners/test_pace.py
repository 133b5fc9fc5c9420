"""How often Bowline looks at what an owner does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.runs.owners.pace import pause_after


@pytest.mark.parametrize(
    ("waited", "pause"),
    [
        (timedelta(0), timedelta(seconds=30)),
        (timedelta(minutes=11), timedelta(minutes=5)),
        (timedelta(hours=2), timedelta(hours=1)),
        (timedelta(days=8), timedelta(days=1)),
        (timedelta(days=30), None),
    ],
)
def test_it_looks_often_first_and_then_less(
    waited: timedelta, pause: timedelta | None
) -> None:
    assert pause_after(waited, 0.0) == pause


def test_pauses_differ_a_little() -> None:
    assert pause_after(timedelta(0), 1.0) == timedelta(seconds=33)
