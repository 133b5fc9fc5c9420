"""Wake workers, with messages on the broker."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from celery import current_app
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from accounts.models.lease import Carried, Durable
from accounts.work.heartbeat import PEOPLE, SCHEDULE, broker_lost

logger = logging.getLogger(__name__)

EXPIRES = 10 * 60
"""Seconds, so that messages do not pile up without a worker; far more than the clocks
of two hosts differ. The sweep sends others.
"""

carries_itself: ContextVar[bool] = ContextVar("carries_itself", default=False)


@contextmanager
def nothing_sent() -> Iterator[None]:
    """Send no message in this block, which needs no broker: it carries out by itself
    what it starts.
    """
    token = carries_itself.set(True)
    try:
        yield
    finally:
        carries_itself.reset(token)


def wake(*rows: Carried) -> bool:
    """Let workers carry on these rows, of one kind; call it on commit. False where the
    broker does not take the messages.

    That loses nothing: the rows say that there is work, and the sweep finds them.
    """
    if not all(message_sent(row) for row in rows[: rows[0].WOKEN]):
        return False
    if isinstance(rows[0], Durable):
        model = type(rows[0])
        keys = [row.pk for row in rows]
        model._base_manager.filter(pk__in=keys).update(queued_at=Now())
    return True


def message_sent(row: Carried) -> bool:
    """Name the row to a worker; False where the broker does not take the message."""
    kind = row._meta.model_name
    return sent(
        "accounts.tasks.carry_on",
        kind,
        str(row.pk),
        shadow=f"accounts.tasks.carry_on {kind}",  # what the worker's log says
        queue=SCHEDULE if row.is_scheduled else PEOPLE,
        expires=EXPIRES,
        soft_time_limit=row.most_seconds,
        time_limit=row.most_seconds and row.most_seconds + 10,
    )


def wake_for_owners() -> None:
    """Look at what owners do; the schedule looks again where the message is lost."""
    sent("accounts.tasks.look_at_owners")


def sent(task: str, *keys: str | None, **options: Any) -> bool:
    """Send a message; False where the broker does not take it, or none is sent."""
    if carries_itself.get():
        return False
    try:
        current_app.send_task(task, [*keys], retry=False, **options)
    except (OperationalError, OSError):
        logger.exception("The broker can't be reached; the sweep will try again.")
        broker_lost()
        return False
    return True
