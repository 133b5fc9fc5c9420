"""What nobody may overlook, for sites that no Prometheus watches: the alert rules in
deploy/ say the same of the schedule, of verifications and of accounts.

That the workers of people's queue are silent can't be said: they would send it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import NamedTuple

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import ManagedAccount
from accounts.models.standing import FAILING, NOT_APPROVED, VERIFIED, with_word
from accounts.models.states import State
from accounts.notify.written import Text, text_of_paragraphs
from accounts.wording import counted
from accounts.work.heartbeat import SCHEDULE, Silence, silence

LONG = timedelta(minutes=10)
"""Workers that are restarted are silent for a moment."""
OVERDUE = timedelta(days=2)
"""The schedule verifies each account every night."""
MOST_OVERDUE = 0.25
"""The share that may be: an account whose plan waits isn't verified."""


class Attention(NamedTuple):
    silent: Silence | None
    overdue: int
    failed: int
    not_approved: int

    @property
    def sentences(self) -> list[str]:
        found = []
        if self.silent:
            found.append(
                f"{self.silent} Nightly verifications and email wait. Check the "
                "workers of the queue “schedule”."
            )
        if self.overdue:
            late = "hasn't" if self.overdue == 1 else "haven't"
            found.append(
                f"{counted(self.overdue)} {late} been verified for two days. Check "
                "beat and the workers of the queue “schedule”, or raise "
                "SCHEDULE_ASSUMES_A_SECOND."
            )
        for count, word in (
            (self.failed, State.FAILED.value),
            (self.not_approved, NOT_APPROVED),
        ):
            if count:
                are = "is" if count == 1 else "are"
                found.append(f"{counted(count)} {are} {word}.")
        return found


def attention(environments: Collection[str] = ()) -> Attention:
    """Find it; what accounts need only in these environments, if any are named."""
    accounts = ManagedAccount.objects.order_by()
    if environments:
        accounts = accounts.filter(environment__in=environments)
    verified = Q(verification__in=VERIFIED, verified_at__isnull=False)
    late = verified & Q(verified_at__lt=timezone.now() - OVERDUE)
    found = accounts.aggregate(
        verified=Count("pk", filter=verified),
        overdue=Count("pk", filter=late),
        failed=Count("pk", filter=with_word(State.FAILED)),
        not_approved=Count("pk", filter=with_word(NOT_APPROVED)),
    )
    if found["overdue"] <= found.pop("verified") * MOST_OVERDUE:
        found["overdue"] = 0
    silent = silence(SCHEDULE)
    lasts = silent and silent.since and silent.since < timezone.now() - LONG
    return Attention(silent if lasts else None, **found)


def needs_attention() -> bool:
    return bool(attention().sentences)


def text_of_attention(environments: Collection[str]) -> Text | None:
    found = attention(environments)
    if not found.sentences:
        return None
    return text_of_paragraphs(
        "Something needs attention",
        found.sentences,
        where="Accounts that failed or aren't as approved",
        path=reverse("accounts:accounts") + "?state=" + FAILING.replace(" ", "+"),
        why="You receive this because you chose it.",
        about={
            "schedule_is_silent": bool(found.silent),
            "overdue": found.overdue,
            "failed": found.failed,
            "not_as_approved": found.not_approved,
        },
    )
