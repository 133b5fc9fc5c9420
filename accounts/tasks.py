"""Celery tasks: each loads a row, calls one function, and may be killed anywhere."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils import timezone

from accounts.bundles import build
from accounts.lookups import answer, delete_old_lookups
from accounts.models import Bundle, Lookup, ManagedAccount, Run
from accounts.runs.actions import RunOpen, verify
from accounts.runs.heartbeat import beat, compare_clocks
from accounts.runs.queue import enqueue_all, enqueue_bundle
from accounts.runs.retention import delete_old_verifications
from accounts.runs.stages import carry_on as carry_on_run

AGAIN_AFTER = timedelta(hours=6)
"""The schedule does not repeat a verification that is newer than this."""

SWEPT_AT_ONCE = 200
"""Messages a sweep sends again; the next one continues."""


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
    """Bring a run as far as it goes. A second copy finds the lease taken."""
    beat()
    run = Run.objects.filter(pk=run_id).first()
    if run is not None:
        carry_on_run(run)


@shared_task(ignore_result=True)
def build_bundle(bundle_id: int) -> None:
    """Build a bundle. Twice gives the same bytes."""
    beat()
    bundle = Bundle.objects.filter(pk=bundle_id, status=Bundle.Status.BUILDING).first()
    if bundle is not None:
        build(bundle)


@shared_task(ignore_result=True, soft_time_limit=100, time_limit=110)
def look_up(lookup_id: int) -> None:
    """Answer a page's question to AWS. It only reads; a second copy finds it answered.

    Within PATIENCE: the page asks again then.
    """
    beat()
    waiting = Lookup.objects.waiting().select_related("asked_by")
    lookup = waiting.filter(pk=lookup_id).first()
    if lookup is not None:
        answer(lookup)


@shared_task(ignore_result=True)
def sweep() -> None:
    """Send again what a dead worker or a lost message left behind."""
    enqueue_all(Run.objects.abandoned().order_by("created_at")[:SWEPT_AT_ONCE])
    for bundle in Bundle.objects.abandoned():
        enqueue_bundle(bundle)


@shared_task(ignore_result=True)
def verify_all() -> None:
    """Verify again every account that was proved once, be it good or bad now.

    A second copy leaves alone what the first one has begun.
    """
    begun = Run.objects.filter(
        account=OuterRef("pk"),
        kind=Run.Kind.VERIFY,
        created_at__gt=Now() - AGAIN_AFTER,
    )
    for account in ManagedAccount.objects.to_verify_again().exclude(Exists(begun)):
        with suppress(RunOpen):
            verify(account, None, origin=Run.Origin.SCHEDULE)


@shared_task(ignore_result=True)
def delete_old() -> None:
    """Delete verifications that are old enough, and old answers of AWS.

    Safe to kill: each run is deleted as a whole.
    """
    delete_old_lookups()
    if settings.KEEP_CHECKS_DAYS:
        age = timedelta(days=settings.KEEP_CHECKS_DAYS)
        delete_old_verifications(timezone.now() - age)
