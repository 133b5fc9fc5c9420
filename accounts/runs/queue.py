"""Hand a run to a worker, by a message on the broker."""

from __future__ import annotations

import logging

from celery import current_app
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from accounts.models import Bundle, Run
from accounts.runs.heartbeat import broker_lost

logger = logging.getLogger(__name__)


def enqueue(run: Run) -> None:
    """Send a run on its way; call it on commit.

    A broker that is down loses nothing: the row says that there is work, and the
    sweep sends the message again.
    """
    try:
        current_app.send_task("accounts.tasks.carry_on", [str(run.pk)], retry=False)
    except (OperationalError, OSError):
        logger.exception("The broker cannot be reached; the sweep will try again.")
        broker_lost()
        return
    Run.objects.filter(pk=run.pk).update(queued_at=Now())


def enqueue_bundle(bundle: Bundle) -> None:
    """Send a bundle to be built; the sweep repeats what the broker lost."""
    try:
        current_app.send_task("accounts.tasks.build_bundle", [bundle.pk], retry=False)
    except (OperationalError, OSError):
        logger.exception("The broker cannot be reached; the sweep will try again.")
        broker_lost()
