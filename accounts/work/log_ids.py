"""Which request and which run a line of the log is about.

It is loaded before Django is, with the settings: it imports no models.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

REQUEST: ContextVar[str] = ContextVar("request", default="")
RUN: ContextVar[str] = ContextVar("run", default="")


@contextmanager
def about(which: ContextVar[str], name: str) -> Iterator[None]:
    """Let the lines that this block writes name the request or run."""
    before = which.set(name)
    try:
        yield
    finally:
        which.reset(before)
