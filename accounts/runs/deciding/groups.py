"""Which waiting plans are the same, counted, so that one is read for all of them."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Count

from accounts.models import Run
from accounts.models.states import Status
from onboarding.resources.entry_changes import entry_changes

MOST_GROUPS = 5
"""The most groups of plans that are offered at once, the largest first."""


class IdenticalPlans(NamedTuple):
    fingerprint: str
    plans: int
    changes: int
    """How many changes each of them holds."""


def identical_plans() -> list[IdenticalPlans]:
    """List the groups of waiting plans that are the same, the largest first."""
    waiting = Run.objects.approvable().exclude(fingerprint="").order_by()
    waiting = waiting.exclude(kind=Run.Kind.REMOVE)
    groups = (
        waiting.values_list("fingerprint")
        .annotate(plans=Count("pk"))
        .filter(plans__gt=1)
        .order_by("-plans", "fingerprint")[:MOST_GROUPS]
    )
    return [
        IdenticalPlans(fingerprint, plans, changes_of(fingerprint))
        for fingerprint, plans in groups
    ]


def changes_of(fingerprint: str) -> int:
    """Count the changes of one of the plans: all have as many."""
    same = Run.objects.filter(fingerprint=fingerprint, status=Status.PLANNED).order_by()
    one = same.annotate(in_aws=Count("steps")).values("entries", "in_aws", "pk").first()
    return one["in_aws"] + len(entry_changes(**one["entries"])) if one else 0
