"""Queue a run for a worker, with a message on the broker."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from celery import current_app
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from accounts.models import (
    Adding,
    Bundle,
    ClusterSearch,
    Delivery,
    Lookup,
    Notice,
    Organization,
    Run,
    SentFile,
)
from accounts.work.heartbeat import broker_lost

logger = logging.getLogger(__name__)


PEOPLE, SCHEDULE = "bowline", "schedule"
"""The queues: what people wait for, and what nobody does. Each has its own workers, or
threads of its own in a worker that serves both.
"""

WOKEN = 16
"""Messages for many runs: as many as wake every process. Each process then takes
further runs by itself.
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


def enqueue(run: Run) -> None:
    """Send a run on its way; call it on commit.

    A broker that is down loses nothing: the row says that there is work, and workers
    find it.
    """
    if woken(run):
        Run.objects.filter(pk=run.pk).update(queued_at=Now())


def enqueue_all(runs: Iterable[Run]) -> None:
    """Send many runs on their way, as `enqueue` does one; call it on commit."""
    runs = list(runs)
    if all(woken(run) for run in runs[:WOKEN]):
        queued = [run.pk for run in runs]
        Run.objects.filter(pk__in=queued).update(queued_at=Now())


def woken(run: Run) -> bool:
    """Name the run to a worker; False where the broker does not take the message."""
    scheduled = run.started_from == Run.Origin.SCHEDULE
    queue = SCHEDULE if scheduled else PEOPLE
    return sent("accounts.tasks.carry_on", str(run.pk), queue=queue)


def enqueue_rollout(number: int) -> None:
    """Let a rollout start what it may; the sweep repeats what the broker lost."""
    sent("accounts.tasks.advance_rollout", number)


def enqueue_look() -> None:
    """Look at what owners do; the schedule looks again where the message is lost."""
    sent("accounts.tasks.look_at_owners")


def enqueue_bundle(bundle: Bundle) -> None:
    """Send a bundle to be built; the sweep repeats what the broker lost."""
    sent("accounts.tasks.build_bundle", bundle.pk)


def enqueue_lookup(lookup: Lookup) -> None:
    """Send a lookup to be answered; the page that waits for it asks again."""
    if not sent("accounts.tasks.look_up", lookup.pk, expires=EXPIRES):
        message = BROKER_AWAY if "own" in lookup.parameters else NO_BROKER
        Lookup.objects.filter(pk=lookup.pk).update(
            answered_at=Now(), message=message, hint=START_BROKER
        )
        SentFile.objects.filter(lookup=lookup).delete()


def enqueue_reading(organization: Organization) -> None:
    """Send for the next slice of the organization; the sweep repeats what was lost."""
    queue = PEOPLE if organization.asked_by_id else SCHEDULE
    if sent("accounts.tasks.read_organization", organization.pk, queue=queue):
        Organization.objects.filter(pk=organization.pk).update(queued_at=Now())


def enqueue_search(search: ClusterSearch) -> None:
    """Send for the next accounts of a search; the sweep repeats what was lost."""
    if sent("accounts.tasks.find_clusters", str(search.pk)):
        ClusterSearch.objects.filter(pk=search.pk).update(queued_at=Now())


def enqueue_adding(adding: Adding) -> None:
    """Send for accounts to be added; the sweep repeats what was lost."""
    if sent("accounts.tasks.add_members", str(adding.pk)):
        Adding.objects.filter(pk=adding.pk).update(queued_at=Now())


def enqueue_delivery(delivery: Delivery) -> None:
    """Send for a delivery to be continued; the sweep repeats what was lost."""
    if sent("accounts.tasks.carry_delivery", delivery.pk):
        Delivery.objects.filter(pk=delivery.pk).update(queued_at=Now())


def enqueue_notice(notice: Notice) -> None:
    """Send for a notice to be sent, where no run waits behind a slow mail server, but
    where somebody looks at a test; the sweep repeats what was lost.
    """
    queue = PEOPLE if notice.what == Notice.What.TEST else SCHEDULE
    if sent("accounts.tasks.send_notice", str(notice.pk), queue=queue):
        Notice.objects.filter(pk=notice.pk).update(queued_at=Now())


EXPIRES = 10 * 60
"""Seconds, so that messages do not pile up without a worker; far more than the clocks
of two hosts differ.
"""
NO_BROKER = "Bowline could not ask AWS: the broker is unavailable."
BROKER_AWAY = "Bowline could not ask a worker: the broker is unavailable."
START_BROKER = "Check that Redis runs, then ask again."


def sent(task: str, *keys: str | int, **options: Any) -> bool:
    """Send a message; False where the broker does not take it, or none is sent."""
    if carries_itself.get():
        return False
    try:
        current_app.send_task(task, [*keys], retry=False, **options)
    except (OperationalError, OSError):
        logger.exception("The broker cannot be reached; the sweep will try again.")
        broker_lost()
        return False
    return True
