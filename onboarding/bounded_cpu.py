"""How long a thread may compute about one account. No thread can be ended from outside,
so it asks whether it may continue: before each call to AWS, and at each statement of a
policy that others wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import get_ident
from time import thread_time
from typing import NamedTuple

MOST = 60.0
"""Seconds of a processor; waiting for AWS takes none. Large accounts take a few."""


class TooMuchCpu(Exception):
    """What an account holds takes longer to read than any account should."""

    def __init__(self) -> None:
        super().__init__(
            f"Reading the account took more than {MOST:.0f} seconds of CPU time."
        )


class Bound(NamedTuple):
    thread: int
    until: float
    """By the thread's own clock, which no other thread can compare."""


BOUND: ContextVar[Bound | None] = ContextVar("bound", default=None)


@contextmanager
def cpu_bounded() -> Iterator[None]:
    """Bound what this thread does meanwhile; it has no more where it is bounded."""
    thread, outer = get_ident(), BOUND.get()
    if outer and outer.thread == thread:
        yield
        return
    token = BOUND.set(Bound(thread, thread_time() + MOST))
    try:
        yield
    finally:
        BOUND.reset(token)


def go_on() -> None:
    """Raise TooMuchCpu where this thread had its time."""
    bound = BOUND.get()
    if bound and bound.thread == get_ident() and thread_time() > bound.until:
        raise TooMuchCpu
