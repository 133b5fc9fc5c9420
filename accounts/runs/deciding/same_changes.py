"""Plans with the same changes: found, and approved together, each by itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from accounts.models import Run
from accounts.models.managed import both_environments
from accounts.models.people.decided import MovedMeanwhile
from accounts.models.states import Status
from accounts.people.role_limits.limits import environments_of
from accounts.people.roles import APPROVER
from accounts.refused import Refused
from accounts.runs.actions import approve
from accounts.runs.capacity import room_in_plan
from accounts.runs.deciding.lateness import decided_already, outdated

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_AT_ONCE = 500
"""The most runs that are approved in one request; the page shows no more."""

COLUMNS = (
    *("pk", "number", "account_name", "account__granted_at", "account__policy_set"),
    *("account__environment", "account__approved_environment"),
)
"""What is to be known of every run."""

MOST_NAMED = 20
"""The most runs that moved on that are listed; the rest are counted."""


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
    test: str = "",
) -> Decided:
    """Approve those of the chosen runs whose plan still waits with these changes, each
    with the same comment, and the same test of access where one is asked for.

    Each is approved by itself: one that moved on meanwhile, or that another person
    must approve, keeps no other back.
    """
    asked = Run.objects.filter(pk__in=list(chosen)).order_by("account_name")
    approved: list[UUID] = []
    refused: dict[UUID, str] = {}
    for run in asked.same_anywhere(fingerprint).select_related("account"):
        try:
            approve(run, by, comment=comment, test=test)
        except MovedMeanwhile:
            continue
        except Refused as error:
            refused[run.pk] = f"{run.account_name}: {error}"
        else:
            approved.append(run.pk)
    return Decided(len(approved), list(asked.exclude(pk__in=approved)), refused)


def why_left(run: Run, fingerprint: str, refused: dict[UUID, str]) -> str:
    """Say in a sentence why a run was not approved with the others."""
    if why := refused.get(run.pk):
        return why
    if run.fingerprint != fingerprint and run.status == Status.PLANNED:
        return f"The changes of {run.account_name} are different now."
    return outdated(run) or f"{run.account_name}: {decided_already(run)}"


class Waiting(NamedTuple):
    """A plan that waits, and as much of its account as COLUMNS says."""

    pk: UUID
    number: int
    account_name: str
    granted_at: datetime | None
    policy_set: int
    environment: str
    approved_environment: str | None

    @property
    def environments(self) -> frozenset[str]:
        return both_environments(self.environment, self.approved_environment)


class Same(NamedTuple):
    """The plans that wait with the same changes, as a person finds them."""

    waiting: list[Waiting]
    """Those that can be approved at once, by name."""
    total: int
    room: int | None
    """How many accounts their policies still take; None: any."""
    without_room: set[UUID]
    """Those that find no room."""
    ticked: set[UUID]
    """Those that fit, and that the person's role is for."""


def same_of(one: Run, by: User) -> Same:
    """Find the plans that are the same as this one, with constant queries."""
    found = Run.objects.same_anywhere(one.fingerprint).order_by("account_name", "pk")
    waiting = [Waiting(*row) for row in found.values_list(*COLUMNS)[:MOST_AT_ONCE]]
    total = found.count() if len(waiting) == MOST_AT_ONCE else len(waiting)
    room = room_in_plan(one)
    joining = [plan.pk for plan in waiting if one.account and not plan.granted_at]
    without_room = set() if room is None else set(joining[room:])
    limited = environments_of(by, APPROVER)
    ticked = {
        plan.pk
        for plan in waiting
        if plan.pk not in without_room
        and (limited is None or plan.environments <= limited)
    }
    return Same(waiting, total, room, without_room, ticked)


def refuse_crowd(fingerprint: str, chosen: set[str]) -> str:
    """Say that more accounts would join than the policies of their plans list."""
    one = Run.objects.same_anywhere(fingerprint).first()
    room = room_in_plan(one) if one else None
    joining = Run.objects.same_anywhere(fingerprint).filter(
        pk__in=chosen, account__granted_at=None
    )
    if room is None or joining.count() <= room:
        return ""
    return f"Nothing was approved. There is room for only {room} more accounts."


def reasons_left(decided: Decided, fingerprint: str) -> list[str]:
    """Say of the first ones that are left why, and how many more there are."""
    first = [
        why_left(run, fingerprint, decided.refused) for run in decided.left[:MOST_NAMED]
    ]
    more = len(decided.left) - MOST_NAMED
    return [*first, f"And {more} more."] if more > 0 else first
