"""Celery tasks: each loads a row, calls one function, and may be killed anywhere."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from celery import current_app, current_task, shared_task
from celery.signals import (
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
)
from django.conf import settings
from django.db import connection as database
from django.db.models import Case, Exists, OuterRef, When
from django.db.models.functions import Now
from django.utils import timezone

from accounts.discover import access, clusters, comparisons, files, looking
from accounts.discover.organization import watching
from accounts.discover.organization.reading import begin_again, read_on
from accounts.discover.questions import carry_on as carry_question
from accounts.lists import accounts
from accounts.models import (
    Adoption,
    Bundle,
    Delivery,
    Digest,
    KeptAnswer,
    ManagedAccount,
    Notification,
    Organization,
    Question,
    Rollout,
    Run,
    Upload,
)
from accounts.models.notifications import KEPT
from accounts.models.states import OPEN, WORKING
from accounts.notify.sending import deliver, gather
from accounts.runs.actions import RunOpen, verify
from accounts.runs.owners.looking import look_at_owners as look_at_those_due
from accounts.runs.results import (
    delete_old_verifications,
    delete_unused_findings,
    fold_superseded,
)
from accounts.runs.rollouts.engine import advance, advance_after, send
from accounts.runs.stages import carry_on as carry_on_run
from accounts.spinnaker.bundles import build, delete_old_bundles
from accounts.spinnaker.deliveries.stages import carry_on_for_worker
from accounts.web.you.preferences import SessionStore
from accounts.work.heartbeat import PEOPLE, beat, beat_again, compare_clocks, swept
from accounts.work.queue import Kind
from accounts.workers.pool import Process, before_the_fork

AGAIN_AFTER = timedelta(hours=6)
"""The schedule does not repeat a verification that is newer than this; a night is not
longer.
"""

AFTER_A_MISS = timedelta(hours=1)
"""An owner's roles that AWS refused once are looked at again sooner."""

ASSUMES = 5
"""The roles that one verification assumes: what each costs the managing account
alone. What else they call counts in an account of its own, once a night.
"""

process: Process | None = None
"""What this process of a worker carries; None in the site, commands and tests."""


@worker_init.connect
def on_init(**_: object) -> None:
    before_the_fork()


@worker_process_init.connect
def on_process_init(**_: object) -> None:
    global process
    process = Process(current_app.amqp.queues.consume_from)
    process.start()


@worker_process_shutdown.connect
def on_process_shutdown(**_: object) -> None:
    if process is not None:
        process.stop(settings.STOP_SECONDS)


@worker_ready.connect
def on_start(**_: object) -> None:
    """Compare clocks before any request is signed; children open their own connection.

    If the database is unavailable, Celery logs that, and the worker continues.
    """
    try:
        compare_clocks()
    finally:
        database.close()


def own_queue() -> str:
    """Return the queue from which the message of this task came."""
    delivered = current_task.request.delivery_info or {}
    return delivered.get("routing_key") or PEOPLE


@shared_task(ignore_result=True)
def heartbeat() -> None:
    """Record that beat, the broker and a worker of its queue work."""
    beat(own_queue())


def carry_run(run: Run) -> None:
    """Let a thread of this process carry it. Outside a worker, do so here and now."""
    if process is not None:
        process.wake(str(run.pk))
    else:
        carry_on_run(run)
        advance_after(run)


def carry_rollout(rollout: Rollout) -> None:
    """Start what it may start. A second copy finds it started."""
    advance(rollout.number)
    send(rollout.number)


QUESTIONS = (access, accounts, clusters, comparisons, files, looking, watching)
"""The modules of the kinds of questions: whatever is asked, a worker can answer."""

KINDS: dict[str, Kind[Any]] = {
    kind.name: kind
    for kind in (
        Kind(Run, carry_run),
        Kind(Bundle, build),
        Kind(Rollout, carry_rollout),
        Kind(Organization, read_on),
        Kind(Delivery, carry_on_for_worker),
        Kind(Question, carry_question),
        Kind(Notification, deliver),
    )
}
"""All that a message can name, and that the sweep sends for."""


@shared_task(ignore_result=True)
def carry_on(kind: str, key: str) -> None:
    """Carry on a row. A second copy finds the lease taken, or it done."""
    beat_again(own_queue())
    KINDS[kind].carry_on(key)


@shared_task(ignore_result=True)
def look_at_deliveries() -> None:
    """Send for the delivery that waited until now. A second copy finds it sent for."""
    KINDS["delivery"].sweep()


@shared_task(ignore_result=True)
def read_organizations() -> None:
    """Read again the organization that somebody read before. A second copy finds it
    being read.
    """
    if settings.READ_ORGANIZATION_DAILY:
        begin_again()


@shared_task(ignore_result=True)
def sweep() -> None:
    """Send again what a dead worker or a lost message left behind, and forget what was
    asked.
    """
    Question.objects.expired().delete()
    for kind in KINDS.values():
        kind.sweep()
    gather()
    swept()


@shared_task(ignore_result=True, soft_time_limit=100, time_limit=110)
def look_at_owners() -> None:
    """Look whether the owners are done that it is time to look at."""
    beat(own_queue())
    look_at_those_due()


@shared_task(ignore_result=True)
def verify_all() -> None:
    """Verify again what was proved once, be it good or bad now: the oldest proof first,
    and no more at once than SCHEDULE_ASSUMES_A_SECOND allows in a minute. The next one
    continues: with fewer, where AWS throttles and those of before take longer.

    A second copy leaves alone what the first one has begun.
    """
    of_schedule = Run.objects.filter(started_from=Run.Origin.SCHEDULE)
    at_once = max(1, settings.SCHEDULE_ASSUMES_A_SECOND * 60 // ASSUMES)
    left = at_once - of_schedule.filter(status__in=WORKING).count()
    begun = Run.objects.filter(
        account=OuterRef("pk"),
        kind=Run.Kind.VERIFY,
        created_at__gt=Now() - AGAIN_AFTER,
    )
    busy = Run.objects.filter(account=OuterRef("pk"), status__in=OPEN)
    due = ManagedAccount.objects.to_verify_again()
    soon = begun.filter(created_at__gt=Now() - AFTER_A_MISS)
    again = Case(When(missed=1, then=Exists(soon)), default=Exists(begun))
    due = due.exclude(again).exclude(Exists(busy)).order_by("verified_at")
    for account in due[: max(0, left)]:
        with suppress(RunOpen):
            verify(account, None, origin=Run.Origin.SCHEDULE)


@shared_task(ignore_result=True)
def delete_old() -> None:
    """Delete verifications and bundles that are old enough, and old uploads, reports
    on a Spinnaker, notices, sessions and answers of the API; fold what the others
    found that are superseded.

    Safe to kill: each run is folded, and deleted, as a whole.
    """
    fold_superseded()
    Upload.objects.expired().delete()
    Adoption.objects.expired().delete()
    Notification.objects.expired().delete()
    Digest.objects.filter(created_at__lte=Now() - KEPT).delete()
    SessionStore.clear_expired()
    KeptAnswer.objects.expired().delete()
    if settings.KEEP_CHECKS_DAYS:
        age = timedelta(days=settings.KEEP_CHECKS_DAYS)
        delete_old_verifications(timezone.now() - age)
    if settings.KEEP_BUNDLES_DAYS:
        age = timedelta(days=settings.KEEP_BUNDLES_DAYS)
        delete_old_bundles(timezone.now() - age)
    delete_unused_findings()
