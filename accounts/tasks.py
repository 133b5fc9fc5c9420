"""Celery tasks: each loads a row, calls one function, and may be killed anywhere."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from celery import current_app, shared_task
from celery.signals import (
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
)
from django.conf import settings
from django.db import connection
from django.db.models import Case, Exists, OuterRef, When
from django.db.models.functions import Now
from django.utils import timezone

from accounts.discover.clusters.search import search_on
from accounts.discover.lookups import (
    answer,
    answer_own,
    delete_old_lookups,
    delete_old_own,
)
from accounts.discover.organization.adding import add
from accounts.discover.organization.reading import begin_again, read_on
from accounts.mapping.accounts_file.uploading import delete_old_uploads
from accounts.models import (
    Adding,
    Bundle,
    ClusterSearch,
    Delivery,
    Digest,
    FeedToken,
    KeptAnswer,
    Lookup,
    ManagedAccount,
    Notice,
    Organization,
    Rollout,
    Run,
)
from accounts.models.notices.notice import KEPT
from accounts.models.states import OPEN, WORKING
from accounts.notify.gathering import gather
from accounts.notify.sending import deliver
from accounts.runs.actions import RunOpen, verify
from accounts.runs.owners.looking import look_at_owners as look_at_those_due
from accounts.runs.retention import (
    delete_old_verifications,
    delete_unused_findings,
    fold_superseded,
)
from accounts.runs.rollouts.engine import advance, advance_after, send
from accounts.runs.stages import carry_on as carry_on_run
from accounts.spinnaker.bundles import build
from accounts.spinnaker.deliveries.carrying import carry_on_for_worker
from accounts.spinnaker.feed.keeping import keep_current
from accounts.web.exports.own_answers import OWN_TOPICS
from accounts.web.you.session_store import SessionStore
from accounts.work.heartbeat import beat, compare_clocks, swept
from accounts.work.queue import (
    enqueue_adding,
    enqueue_all,
    enqueue_bundle,
    enqueue_delivery,
    enqueue_notice,
    enqueue_reading,
    enqueue_rollout,
    enqueue_search,
)
from accounts.workers.process import Process, before_the_fork

AGAIN_AFTER = timedelta(hours=6)
"""The schedule does not repeat a verification that is newer than this; a night is not
longer.
"""

AFTER_A_MISS = timedelta(hours=1)
"""An owner's roles that AWS refused once are looked at again sooner."""

CALLS = 40
"""What one verification asks AWS, on average and rounded up."""

SWEPT_AT_ONCE = 200
"""Messages a sweep sends again; the next one continues."""


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
        connection.close()


@shared_task(ignore_result=True)
def heartbeat() -> None:
    """Record that beat, the broker and a worker work. Safe to run twice."""
    beat()


@shared_task(ignore_result=True)
def carry_on(run_id: str) -> None:
    """Let this process carry a run as far as it goes; a second copy finds its lease
    taken. Outside a worker, carry it here and now.
    """
    beat()
    if process is not None:
        process.wake(run_id)
    elif run := Run.objects.filter(pk=run_id).first():
        carry_on_run(run)
        advance_after(run)


@shared_task(ignore_result=True)
def advance_rollout(number: int) -> None:
    """Start what a rollout may start. A second copy finds it started."""
    beat()
    advance(number)
    send(number)


@shared_task(ignore_result=True)
def build_bundle(bundle_id: int) -> None:
    """Build a bundle. Twice gives the same bytes."""
    beat()
    bundle = Bundle.objects.filter(pk=bundle_id, status=Bundle.Status.BUILDING).first()
    if bundle is not None:
        build(bundle)


@shared_task(ignore_result=True, soft_time_limit=100, time_limit=110)
def look_up(lookup_id: int) -> None:
    """Answer a page's question to AWS, or one that takes long. It only reads; a second
    copy finds it answered.

    Within PATIENCE: the page asks again then.
    """
    beat()
    waiting = Lookup.objects.due().select_related("asked_by")
    lookup = waiting.filter(pk=lookup_id).first()
    if lookup is None:
        return
    if lookup.topic in OWN_TOPICS:
        answer_own(lookup, OWN_TOPICS)
    else:
        answer(lookup)


@shared_task(ignore_result=True, soft_time_limit=100, time_limit=110)
def read_organization(organization_id: int) -> None:
    """Read a slice of the organization. A second copy finds the lease taken."""
    beat()
    rows = Organization.objects.due().select_related("asked_by")
    organization = rows.filter(pk=organization_id).first()
    if organization is not None:
        read_on(organization)


@shared_task(ignore_result=True, soft_time_limit=100, time_limit=110)
def find_clusters(search_id: str) -> None:
    """Search some accounts for clusters. A second copy finds the lease taken."""
    beat()
    rows = ClusterSearch.objects.filter(finished_at=None).select_related("by")
    search = rows.filter(pk=search_id).first()
    if search is not None:
        search_on(search)


@shared_task(ignore_result=True)
def add_members(adding_id: str) -> None:
    """Add accounts of the organization. A second copy finds the lease taken, or all
    done.
    """
    beat()
    adding = Adding.objects.filter(pk=adding_id, finished_at=None).first()
    if adding is not None:
        add(adding)


@shared_task(ignore_result=True)
def carry_delivery(number: int) -> None:
    """Carry a delivery until it waits. A second copy finds the lease taken."""
    beat()
    delivery = Delivery.objects.waiting().filter(pk=number).first()
    if delivery is not None and carry_on_for_worker(delivery):
        enqueue_delivery(delivery)


@shared_task(ignore_result=True)
def look_at_deliveries() -> None:
    """Send for the delivery that waited until now. A second copy finds it sent for."""
    for delivery in Delivery.objects.abandoned():
        enqueue_delivery(delivery)


@shared_task(ignore_result=True, soft_time_limit=100, time_limit=110)
def send_notice(notice_id: str) -> None:
    """Send a notice. A second copy finds the lease taken, or it sent."""
    beat()
    notice = Notice.objects.due().filter(pk=notice_id).first()
    if notice is not None:
        deliver(notice)


@shared_task(ignore_result=True)
def read_organizations() -> None:
    """Read again the organization that somebody read before. A second copy finds it
    being read.
    """
    if settings.READ_ORGANIZATION_DAILY:
        begin_again()


@shared_task(ignore_result=True)
def sweep() -> None:
    """Send again what a dead worker or a lost message left behind, keep the feed
    current, so that pulls have little to write, and forget files that were sent.
    """
    delete_old_own()
    enqueue_all(Run.objects.abandoned().order_by("created_at")[:SWEPT_AT_ONCE])
    for bundle in Bundle.objects.abandoned():
        enqueue_bundle(bundle)
    for number in Rollout.objects.due().values_list("number", flat=True):
        enqueue_rollout(number)
    for organization in Organization.objects.abandoned():
        enqueue_reading(organization)
    for search in ClusterSearch.objects.abandoned():
        enqueue_search(search)
    for adding in Adding.objects.abandoned():
        enqueue_adding(adding)
    look_at_deliveries()
    if FeedToken.objects.usable().exists():
        keep_current()
    gather()
    for notice in Notice.objects.abandoned().order_by("due_at")[:SWEPT_AT_ONCE]:
        enqueue_notice(notice)
    swept()


@shared_task(ignore_result=True, soft_time_limit=100, time_limit=110)
def look_at_owners() -> None:
    """Look whether the owners are done that it is time to look at."""
    beat()
    look_at_those_due()


@shared_task(ignore_result=True)
def verify_all() -> None:
    """Verify again what was proved once, be it good or bad now: the oldest proof first,
    and no more than SCHEDULE_CALLS_A_SECOND allows in a minute. The next one continues.

    A second copy leaves alone what the first one has begun.
    """
    of_schedule = Run.objects.filter(started_from=Run.Origin.SCHEDULE)
    at_once = max(1, settings.SCHEDULE_CALLS_A_SECOND * 60 // CALLS)
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
    """Delete verifications that are old enough, and old answers of AWS, uploads,
    notices, sessions and answers of the API; fold what the others found that are
    superseded.

    Safe to kill: each run is folded, and deleted, as a whole.
    """
    delete_old_lookups()
    fold_superseded()
    delete_old_uploads()
    Notice.objects.expired().delete()
    Digest.objects.filter(created_at__lte=Now() - KEPT).delete()
    SessionStore.clear_expired()
    Adding.objects.expired().delete()
    KeptAnswer.objects.expired().delete()
    if settings.KEEP_CHECKS_DAYS:
        age = timedelta(days=settings.KEEP_CHECKS_DAYS)
        delete_old_verifications(timezone.now() - age)
    delete_unused_findings()
