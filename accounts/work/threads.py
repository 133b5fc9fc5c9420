"""Work in threads of this process, each with database connections of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import connections

from accounts.models import Run
from accounts.work.leases import leases_extended

T = TypeVar("T")


@contextmanager
def own_connections() -> Iterator[None]:
    """Close the thread's database connections when its work is done."""
    try:
        yield
    finally:
        connections.close_all()


def in_threads(
    work: Callable[[T], Run], items: Iterable[T], threads: int
) -> Iterator[Run]:
    """Do the work for each in a few threads; yield the runs in the items' order."""

    def alone(item: T) -> Run:
        with own_connections():
            return work(item)

    with leases_extended(), ThreadPoolExecutor(max_workers=threads) as pool:
        yield from pool.map(alone, items)
