"""Hold on to the rows that this process works on, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, connections

from accounts.models.lease import extend_leases

logger = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds: three of them may be late before a lease runs out."""


@contextmanager
def leases_extended(every: float = EVERY) -> Iterator[None]:
    """Extend this process's leases until the block is over.

    Where the database does not answer, the next time may: a lease that ran out
    meanwhile is found lost before the next write.
    """
    over = threading.Event()

    def extend() -> None:
        while not over.wait(every):
            try:
                extend_leases()
            except Error:
                logger.exception("The leases of this process could not be extended.")
                connections.close_all()
        connections.close_all()

    thread = threading.Thread(target=extend, name="leases", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
