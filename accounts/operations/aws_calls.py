"""Add what a worker's process counted to the numbers of all, in the database.

Processes come and go, and any of the site's answers a scrape: the database alone has
numbers that never fall, without a folder that all of them share.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, connections
from django.db.models import F

from accounts.models import AwsAnswers
from onboarding.aws_calls import ANSWERS

logger = logging.getLogger(__name__)

EVERY = 15.0
"""Seconds. A killed process loses what it counted since."""


def keep_counts() -> None:
    """Write down what was counted; what the database does not take is kept for later.

    Each row is a statement of its own, so that no two processes wait for each other.
    """
    left = ANSWERS.take()
    try:
        AwsAnswers.objects.bulk_create(
            (AwsAnswers(operation=one.operation, error=one.error) for one in left),
            ignore_conflicts=True,
        )
        for one in [*left]:
            row = AwsAnswers.objects.filter(operation=one.operation, error=one.error)
            row.update(count=F("count") + left[one])
            del left[one]
    finally:
        ANSWERS.add(left)


@contextmanager
def counts_kept(every: float = EVERY) -> Iterator[None]:
    """Write down what this process counts, until the block is over and once then."""
    over = threading.Event()

    def keep() -> None:
        while not over.wait(every):
            keep_or_log()
        keep_or_log()
        connections.close_all()

    thread = threading.Thread(target=keep, name="counts", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def keep_or_log() -> None:
    try:
        keep_counts()
    except Error:
        logger.warning("Counts of AWS's answers are kept for later.", exc_info=True)
        connections.close_all()
