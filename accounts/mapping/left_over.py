"""Accounts that Spinnaker may assume although nobody approved anything in them.

The managing account was applied for many at once, and plans of some were discarded or
failed since. Plans of the managing account take them from its list.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import ManagedAccount, Run
from accounts.models.managed import ManagedAccountQuerySet


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
        applied=[], approved_version=0, proved={}, verified_at=None
    )
    return untouched.exclude(Exists(runs))


def withdrawn_by(run: Run) -> ManagedAccountQuerySet:
    """Find those that a run takes from the list: of the managing account alone, what
    was left over when it began.
    """
    if run.kind != Run.Kind.MANAGING:
        return ManagedAccount.objects.none()
    return left_over(run.created_at).exclude(pk__in=run.grants.values("pk"))
