"""Work in threads of this process, each with database connections of its own: many
things at once, or one again and again, such as to hold on to the rows that are worked
on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from contextvars import Context, copy_context
from typing import TypeVar

from django.db import Error, InterfaceError, OperationalError, connections

from accounts.models import Run
from accounts.models.lease import extend_leases

logger = logging.getLogger(__name__)

T = TypeVar("T")

EVERY = 5.0
"""Seconds: three of them may be late before a lease runs out."""


def log_and_continue(message: str, error: Exception) -> None:
    """Say what is tried again: in one line while the database can't be reached, which
    may last, and with a traceback otherwise.
    """
    is_away = isinstance(error, (InterfaceError, OperationalError))
    reason = " ".join(str(error).split())
    logger.error("%s %s", message, reason, exc_info=None if is_away else error)


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
    """Do the work for each in a few threads, which send messages only where the caller
    does; yield the runs in the items' order.
    """

    def alone(context: Context, item: T) -> Run:
        with own_connections():
            return context.run(work, item)

    contexts = iter(copy_context, None)
    with leases_extended(), ThreadPoolExecutor(max_workers=threads) as pool:
        yield from pool.map(alone, contexts, items)


@contextmanager
def repeated(
    name: str, work: Callable[[], None], every: float, *, and_then: bool = False
) -> Iterator[None]:
    """Repeat the work until the block is over, and once more `and_then`.

    Where the database does not answer, the next time may.
    """
    over = threading.Event()

    def attempt() -> None:
        try:
            work()
        except Error as error:
            log_and_continue(f"Bowline tries again later: {name}.", error)
            connections.close_all()

    def repeat() -> None:
        with own_connections():
            while not over.wait(every):
                attempt()
            if and_then:
                attempt()

    thread = threading.Thread(target=repeat, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def leases_extended(every: float = EVERY) -> AbstractContextManager[None]:
    """Extend this process's leases until the block is over: one that ran out while the
    database was away is found lost before the next write.
    """
    return repeated("leases", extend_leases, every)
