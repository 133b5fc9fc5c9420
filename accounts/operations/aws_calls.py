"""Add what a worker's process counted to the numbers of all, in the database.

Processes come and go, and any of the site's answers a scrape: the database alone has
numbers that never fall, without a folder that all of them share.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from django.db.models import F

from accounts.models import AwsAnswers
from accounts.work.threads import repeated
from onboarding.aws_calls import ANSWERS

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


def counts_kept(every: float = EVERY) -> AbstractContextManager[None]:
    """Write down what this process counts, until the block is over and once then."""
    return repeated("counts of AWS's answers", keep_counts, every, and_then=True)
