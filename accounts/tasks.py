"""Celery tasks: each loads a row, calls one function, and may be killed anywhere."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts.bundles import build
from accounts.models import Bundle, ManagedAccount, Run
from accounts.queue import enqueue, enqueue_bundle
from accounts.runs.actions import RunOpen, verify
from accounts.runs.retention import delete_old_verifications
from accounts.runs.stages import carry_on as carry_on_run

SWEPT_AT_ONCE = 200
"""Messages a sweep sends again; the next one goes on."""


@shared_task(ignore_result=True)
def carry_on(run_id: str) -> None:
    """Bring a run as far as it goes. A second copy finds the lease taken."""
    run = Run.objects.filter(pk=run_id).first()
    if run is not None:
        carry_on_run(run)


@shared_task(ignore_result=True)
def build_bundle(bundle_id: int) -> None:
    """Build a bundle. Twice gives the same bytes."""
    bundle = Bundle.objects.filter(pk=bundle_id, status=Bundle.Status.BUILDING).first()
    if bundle is not None:
        build(bundle)


@shared_task(ignore_result=True)
def sweep() -> None:
    """Send again what a dead worker or a lost message left behind."""
    now = timezone.now()
    for run in Run.objects.abandoned(now).order_by("created_at")[:SWEPT_AT_ONCE]:
        enqueue(run)
    for bundle in Bundle.objects.abandoned(now):
        enqueue_bundle(bundle)


@shared_task(ignore_result=True)
def verify_all() -> None:
    """Verify again every account that a bundle may hold."""
    for account in ManagedAccount.objects.ready():
        try:
            verify(account, None, origin=Run.Origin.SCHEDULE)
        except RunOpen:
            continue


@shared_task(ignore_result=True)
def delete_old() -> None:
    """Delete verifications older than is asked for; a killed one left whole runs."""
    if settings.KEEP_CHECKS_DAYS:
        age = timedelta(days=settings.KEEP_CHECKS_DAYS)
        delete_old_verifications(timezone.now() - age)
