"""Plans with the same changes: found, counted, and approved together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.db.models import Count

from accounts.decisions.many import Many, each
from accounts.models import Run
from accounts.models.people import MovedMeanwhile
from accounts.models.runs import RunQuerySet
from accounts.models.states import Status
from accounts.people.reach import around_each
from accounts.people.role_limits.limits import environments_of
from accounts.people.roles import APPROVER
from accounts.runs.actions import READ, approve
from accounts.runs.capacity import room_in_plan
from accounts.runs.deciding.approving import decided_already, outdated
from onboarding.resources.entry_changes import entry_changes, lists_of
from onboarding.topology import people

if TYPE_CHECKING:
    from django.contrib.auth.models import User

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


MOST_AT_ONCE = 500
"""The most runs that are approved in one request; the page shows no more."""

COLUMNS = (
    *READ,
    *(f"account__{one}" for one in ("granted_at", "policy_set", "environment")),
)
"""What is to be known of every run."""


def approve_same(
    fingerprint: str,
    chosen: Iterable[str],
    by: User | None,
    *,
    comment: str = "",
    test: str = "",
) -> Many[Run]:
    """Approve those of the chosen runs whose plan still waits with these changes, each
    with the same comment, and the same test of access where one is asked for.

    Each is approved by itself: one that moved on meanwhile, or that another person
    must approve, keeps no other back.
    """
    asked = Run.objects.filter(pk__in=list(chosen)).order_by("account_name")
    same = {*asked.same_anywhere(fingerprint).values_list("pk", flat=True)}

    def approve_read(run: Run, by: User | None, **given: str) -> None:
        if run.pk not in same:
            raise MovedMeanwhile(why_left(run, fingerprint))
        approve(run, by, **given)

    rows = asked.select_related("account")
    return each(approve_read, rows, by, comment=comment, test=test)


def why_left(run: Run, fingerprint: str) -> str:
    """Say in a sentence why a run is not approved with the others."""
    if run.fingerprint != fingerprint and run.status == Status.PLANNED:
        return f"{run.account_name} has different changes now."
    return outdated(run) or decided_already(run)


class Granted(NamedTuple):
    """Accounts of Spinnaker that come or go by plans which are read together, and whose
    READ and WRITE name the same groups.
    """

    read: list[str]
    write: list[str]
    accounts: list[str]

    @property
    def groups(self) -> str:
        return f"READ: {self.readers}, WRITE: {self.writers}"

    @property
    def readers(self) -> str:
        return people(self.read, self.write)

    @property
    def writers(self) -> str:
        return people(self.write, self.read)


def granted_in(runs: RunQuerySet) -> list[Granted]:
    """List who may see each account and deploy to it, those of most accounts first. A
    fingerprint doesn't say it, so whoever approves many plans reads it here.
    """
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for entries in runs.order_by("number").values_list("entries", flat=True):
        for one in entry_changes(**entries):
            if "permissions" in one.document:
                read, write = (lists_of(one.document, it) for it in ("read", "write"))
                found.setdefault((tuple(read), tuple(write)), []).append(one.name)
    rows = [Granted([*read], [*write], names) for (read, write), names in found.items()]
    return sorted(rows, key=lambda one: -len(one.accounts))


class Same(NamedTuple):
    """The plans that wait with the same changes, as a person finds them."""

    waiting: list[Run]
    """Those that can be approved at once, by name."""
    total: int
    room: int | None
    """How many accounts their policies still take; None: any."""
    without_room: set[UUID]
    """Those that find no room."""
    ticked: set[UUID]
    """Those that fit, and that the person's role is for."""

    @property
    def rows(self) -> RunQuerySet:
        return Run.objects.filter(pk__in=[run.pk for run in self.waiting])


def same_of(one: Run, by: User) -> Same:
    """Find the plans that are the same as this one, with constant queries."""
    same = Run.objects.same_anywhere(one.fingerprint).order_by("account_name", "pk")
    waiting = list(same.select_related("account").only(*COLUMNS)[:MOST_AT_ONCE])
    total = same.count() if len(waiting) == MOST_AT_ONCE else len(waiting)
    room = room_in_plan(one)
    joining = [run.pk for run in waiting if run.account and not run.account.granted_at]
    without_room = set() if room is None else set(joining[room:])
    ticked = {run.pk for run in waiting} - without_room
    limited = environments_of(by, APPROVER)
    if limited is not None:
        found = around_each(run.account_id for run in waiting if run.account_id)
        inside = {key for key, one in found.items() if one.environments <= limited}
        ticked &= {run.pk for run in waiting if run.account_id in inside}
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
