"""Approve plans with the same changes together, each by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from accounts.models import Run
from accounts.models.states import Status
from accounts.people.deciding import SamePerson
from accounts.people.role_limits.refusing import Outside
from accounts.runs.actions import Send, StillTold, approve
from accounts.runs.deciding.coming_first import ManagingFirst
from accounts.runs.deciding.lateness import decided_already, outdated
from accounts.work.queue import enqueue

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class Decided(NamedTuple):
    approved: int
    left: list[Run]
    """The chosen runs that are not approved, in their current state."""
    refused: dict[UUID, str]
    """Why this person could not approve some of them, in sentences."""


def approve_same(
    fingerprint: str,
    chosen: Iterable[str],
    by: User | None,
    *,
    comment: str = "",
    send: Send = enqueue,
) -> Decided:
    """Approve those of the chosen runs whose plan still waits with these changes, each
    with the same comment.

    Each is approved by itself: one that moved on meanwhile, or that another person
    must approve, keeps no other back.
    """
    asked = Run.objects.filter(pk__in=list(chosen)).order_by("account_name")
    approved: list[UUID] = []
    refused: dict[UUID, str] = {}
    for run in asked.same_anywhere(fingerprint).select_related("account"):
        try:
            if approve(run, by, comment=comment, send=send):
                approved.append(run.pk)
        except (SamePerson, StillTold, ManagingFirst, Outside) as error:
            refused[run.pk] = f"{run.account_name}: {error}"
    return Decided(len(approved), list(asked.exclude(pk__in=approved)), refused)


def why_left(run: Run, fingerprint: str, refused: dict[UUID, str]) -> str:
    """Say in a sentence why a run was not approved with the others."""
    if why := refused.get(run.pk):
        return why
    if run.fingerprint != fingerprint and run.status == Status.PLANNED:
        return f"The changes of {run.account_name} differ now."
    return outdated(run) or f"{run.account_name}: {decided_already(run)}"
