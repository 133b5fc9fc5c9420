"""Accounts that a plan of the managing account takes from its list.

Left over are those that Spinnaker may assume although nobody approved anything in them:
the managing account was applied for many at once, and plans of some were discarded or
failed since. The others are about to be removed, many at once.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import ManagedAccount, ManagingAccount, Rollout, Run
from accounts.models.managed import ManagedAccountQuerySet
from accounts.models.states import OPEN


def left_over(at: datetime | None = None) -> ManagedAccountQuerySet:
    """Find those that were left over at that moment, or now: no run of theirs is open,
    and no rollout of theirs that has not ended may retry one.
    """
    moment = at or timezone.now()
    coming = Q(finished_at=None) | Q(finished_at__gte=moment)
    coming |= Q(rollout__isnull=False) & (
        Q(rollout__finished_at=None) | Q(rollout__finished_at__gte=moment)
    )
    runs = Run.objects.filter(coming, account=OuterRef("pk"))
    untouched = ManagedAccount.objects.assumable().filter(
        applied=[], approved_version=0, verified={}, verified_at=None
    )
    return untouched.exclude(Exists(runs))


def forgotten_by(run: Run) -> ManagedAccountQuerySet:
    """Find what a run of the managing account takes from the list because it was left
    over when the run began.
    """
    if run.kind != Run.Kind.MANAGING:
        return ManagedAccount.objects.none()
    return left_over(run.created_at).exclude(pk__in=run.grants.values("pk"))


def withdrawn_by(run: Run) -> ManagedAccountQuerySet:
    """Find what a run of the managing account takes from the list for a rollout that
    removes: those whose removal is open now. One that was discarded or has failed
    keeps what it has. A list that names the organization names none of them.
    """
    rollout = run.rollout if run.kind == Run.Kind.MANAGING else None
    if rollout is None or rollout.kind != Rollout.Kind.REMOVE:
        return ManagedAccount.objects.none()
    removals = Run.objects.filter(rollout=rollout, status__in=OPEN)
    listed = ManagingAccount.objects.filter(organization="")
    return ManagedAccount.objects.filter(
        Exists(listed), Exists(removals.filter(account=OuterRef("pk")))
    )
