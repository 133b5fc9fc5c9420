"""What a request asks of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, reset_queries, transaction
from django.test.utils import CaptureQueriesContext


@contextmanager
def taken_back() -> Iterator[CaptureQueriesContext]:
    """Take back what a request writes, and give what it asked of the database."""
    reset_queries()  # or those of all requests together are too many to be kept
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        yield queries
        transaction.set_rollback(True)
