"""How work grows with what it is given: by calls, which are the same on any machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any


def calls_of(work: Callable[[], object]) -> int:
    """Count the calls of functions, Python's own among them, that the work makes."""
    count = 0

    def counting(_: Any, event: str, __: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def assert_it_grows_as_much(work: Callable[[int], object], *, at: int) -> None:
    """Assert that twice as much of something takes about twice the calls."""
    work(at)  # what is kept for the next time is not counted
    once, twice = (calls_of(partial(work, size)) for size in (at, 2 * at))
    assert twice < 2.2 * once, (once, twice)
