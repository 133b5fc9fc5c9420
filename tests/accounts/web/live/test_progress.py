"""How long the work will still take, estimated from what ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.web.live.views import Progress, seconds_left


@pytest.mark.parametrize(
    ("done", "working", "elapsed", "left"),
    [(3, 5, 360, 600), (1, 1, 30, 30), (10, 0, 60, 0), (0, 8, 60, None)],
)
def test_what_is_left_takes_as_long_as_what_ended(
    done: int, working: int, elapsed: int, left: float | None
) -> None:
    assert seconds_left(done, working, timedelta(seconds=elapsed)) == left


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (59, "less than a minute left"),
        (60, "about 1 min left"),
        (600, "about 10 min left"),
        (3600, "about 1 h left"),
        (9000, "about 2 h left"),
    ],
)
def test_the_time_left_is_said_roughly(seconds: float | None, said: str) -> None:
    assert Progress(3, 8, seconds).left == said


def test_a_large_batch_is_counted_readably() -> None:
    assert Progress(1200, 10_000).counted == "1,200 of 10,000"
