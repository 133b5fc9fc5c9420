"""How work grows with what it is given: by calls, which are the same on any machine."""

from __future__ import annotations

import re
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


def steps_of(work: Callable[[], object]) -> int:
    """Count the lines of Python that the work runs: loops call nothing."""
    count = 0

    def counting(_: Any, event: str, __: Any) -> Any:
        nonlocal count
        count += event == "line"
        return counting

    before = sys.gettrace()
    sys.settrace(counting)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def expressions_of(work: Callable[[], object]) -> list[str]:
    """List the regular expressions that are made or used in the work."""
    found: list[str] = []

    def noting(frame: Any, event: str, called: Any) -> None:
        if event == "call" and frame.f_code is re._compile.__code__:  # type: ignore[attr-defined]
            found.append(str(frame.f_locals["pattern"]))
        if event == "c_call" and isinstance(
            getattr(called, "__self__", None), re.Pattern
        ):
            found.append(str(called.__self__.pattern))

    before = sys.getprofile()
    sys.setprofile(noting)
    try:
        work()
    finally:
        sys.setprofile(before)
    return found
