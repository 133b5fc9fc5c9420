"""What comes before an account's plan: a plan of the managing account's own.

An account's plan changes there one thing, its own line in the list of roles that
Spinnaker's identity may assume. Whatever else differs is somebody else's decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from accounts.mapping.managing import managing_row
from accounts.models import Run
from accounts.models.states import OPEN, Status
from accounts.refused import Refused
from accounts.runs.results import reached_account

APPLIED = (Status.VERIFIED, Status.EVALUATED)


class ManagingFirst(Refused):
    """The managing account has changes that nobody approved yet."""

    code = "MANAGING_FIRST"


def managing_first(run: Run) -> str:
    """Say that the managing account's own plan comes before this one; empty: it does
    not, or it was carried out since this was planned.
    """
    if not waiting_among([run]):
        return ""
    name = managing_row().name
    return (
        f"The managing account, {name}, has changes that this plan doesn't include. "
        f"{what_first(name, open_managing_run())}"
    )


def waiting_among(runs: Iterable[Run]) -> set[UUID]:
    """Find those of the runs that the managing account's own plan comes before."""
    after = [run for run in runs if run.reach.get("managing_first")]
    if not after:
        return set()
    own = Run.objects.filter(kind=Run.Kind.MANAGING).exclude(finished_at=None)
    ended = own.order_by("-finished_at").iterator(chunk_size=1)
    applied = (run for run in ended if run.status in APPLIED or reached_account(run))
    last = next((run.finished_at for run in applied), None)
    return {
        run.pk for run in after if not last or last <= (run.moved_at or run.created_at)
    }


def what_first(name: str, own: Run | None) -> str:
    """Say what the managing account's own plan waits for."""
    if own is None:
        return f"First plan {name} and approve that plan."
    if own.approved_at:
        return f"Its run, {own.title}, must end first."
    return f"Its plan, {own.title}, must be approved first."


def refuse_before_managing(run: Run) -> None:
    if why := managing_first(run):
        raise ManagingFirst(why)


def open_managing_run() -> Run | None:
    """Return the managing account's plan that waits, or its run in progress."""
    return Run.objects.filter(kind=Run.Kind.MANAGING, status__in=OPEN).first()


def waiting_for_managing() -> QuerySet[Run]:
    """Find the plans of single accounts that were made before the managing account's,
    the oldest first; those of a rollout start by themselves.
    """
    waiting = Run.objects.filter(status=Status.PLANNED, rollout=None)
    return waiting.filter(reach__managing_first=True).order_by("number")
