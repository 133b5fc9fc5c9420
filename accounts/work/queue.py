"""Kinds of work: held by one worker each, and woken by messages on the broker."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from celery import current_app
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from accounts.models.lease import Carried, CarriedQuerySet, Durable, LeaseLost
from accounts.work.heartbeat import PEOPLE, SCHEDULE, broker_lost

C = TypeVar("C", bound=Carried)

SWEPT_AT_ONCE = 200
"""Rows for which a sweep sends again; the next one continues."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[C]):
    model: type[C]
    carry: Callable[[C], bool | None]
    """Carries a row as far as it goes, one worker at a time; says whether it can be
    carried on at once. Safe to kill anywhere.
    """

    @property
    def name(self) -> str:
        return str(self.model._meta.model_name)

    @property
    def rows(self) -> CarriedQuerySet[C]:
        rows = self.model._default_manager.all()
        assert isinstance(rows, CarriedQuerySet)
        return rows

    def carry_on(self, key: str) -> None:
        """Carry on the row that a message names, unless that is done."""
        row = self.rows.due().filter(pk=key).first()
        if row is not None and self.carry(row):
            wake(row)

    def sweep(self) -> None:
        """Send again for what a dead worker or a lost message left behind."""
        marks = issubclass(self.model, Durable)  # so that the next sweep finds others
        if rows := self.rows.abandoned()[: SWEPT_AT_ONCE if marks else None]:
            wake(*rows)


logger = logging.getLogger(__name__)

D = TypeVar("D", bound=Durable)


def holding(row: D, work: Callable[[D], object]) -> bool:
    """Do the work on the row as it is now, unless another worker holds it; return
    whether this one did, and held it to the end.
    """
    return row.take_lease() and held(row, work)


def held(row: D, work: Callable[[D], object]) -> bool:
    """Do the same with a row whose lease was taken. Let go of it at the end, whatever
    that is.
    """
    try:
        columns = [field.attname for field in row._meta.concrete_fields]
        row.refresh_from_db(fields=columns if row.get_deferred_fields() else None)
        work(row)
    except LeaseLost as error:
        logger.warning("%s", error)
        return False
    finally:
        row.free_lease()
    return True


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
