"""How far the accounts of a rollout are: counted by the database, in one query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Q
from django.db.models.functions import Now

from accounts.models import Rollout, Run
from accounts.models.runs import RunQuerySet
from accounts.models.states import OPEN, UNSUCCESSFUL, WORKING, Status
from accounts.runs.results import is_as_approved, reached_account
from accounts.runs.rollouts.waves import REST, Counts, Settings, Wave

GOOD = (Status.VERIFIED, Status.EVALUATED, Status.REMOVED)
SETTLED = (*GOOD, Status.HANDED_OFF)
"""No wave waits for these: a rollout has done its part once an account is handed off.
"""
COMING = tuple(status for status in OPEN if status not in SETTLED)


class Group(NamedTuple):
    wave: int | None
    status: str
    accounts: int
    known: int
    """Of these, how many were so when a person resumed the rollout."""
    carried: int
    """And how many a worker has now."""


def runs_of(rollout: Rollout) -> RunQuerySet:
    """Find the newest run of each account of a rollout."""
    runs = Run.objects.filter(rollout=rollout, retried=False)
    return runs.exclude(kind=Run.Kind.MANAGING)


def accounts_of(*runs: RunQuerySet) -> Iterator[UUID]:
    """Yield the keys of their accounts, which are not read before somebody asks."""
    for some in runs:
        keys = some.order_by().values_list("account_id", flat=True)
        yield from (key for key in keys if key is not None)


def managing_run(rollout: Rollout) -> Run | None:
    """Find the run of the managing account that comes first."""
    runs = Run.objects.filter(rollout=rollout, retried=False)
    return runs.filter(kind=Run.Kind.MANAGING).first()


def changes_managing(rollout: Rollout) -> bool:
    """Return whether the managing account is changed first, for all its accounts."""
    return rollout.has_waves


def comes_after(rollout: Rollout) -> Run | None:
    """Find the run of the managing account that a rollout waits for before it can plan
    that account itself; None where it waits for none.
    """
    if rollout.has_ended or not changes_managing(rollout) or managing_run(rollout):
        return None
    return Run.objects.filter(kind=Run.Kind.MANAGING, status__in=OPEN).first()


def is_ready(run: Run | None) -> bool:
    """Return whether accounts may be applied after this run of the managing account.

    A check of the managing account that failed says nothing of any other account; but
    nothing is removed before its list is known to be what was approved.
    """
    if run is None or run.status in GOOD:
        return True
    if run.status != Status.FAILED:
        return False
    if run.rollout and run.rollout.kind == Rollout.Kind.REMOVE:
        return is_as_approved(run)
    return reached_account(run)


class Census:
    """The runs of accounts by wave and status."""

    def __init__(self, rollout: Rollout) -> None:
        known = (
            Q(moved_at__lte=rollout.resumed_at) if rollout.resumed_at else Q(pk=None)
        )
        rows = runs_of(rollout).order_by().values_list("wave", "status")
        carried = Q(leased_until__gt=Now())
        counted = rows.annotate(
            accounts=Count("pk"),
            known=Count("pk", filter=known),
            carried=Count("pk", filter=carried),
        )
        self.groups = [Group(*row) for row in counted]
        self.statuses: Counter[str] = Counter()
        for group in self.groups:
            self.statuses[group.status] += group.accounts

    @property
    def total(self) -> int:
        """Count the accounts, without those whose plans were discarded."""
        return self.statuses.total() - self.statuses[Status.DISCARDED]

    @property
    def open(self) -> int:
        return sum(self.statuses[status] for status in COMING)

    @property
    def good(self) -> int:
        return sum(self.statuses[status] for status in GOOD)

    @property
    def failed(self) -> int:
        return sum(self.statuses[status] for status in UNSUCCESSFUL)

    def wave(self, number: int | None) -> Wave:
        """Count the accounts of a wave; None: those that are in none yet."""
        mine = [group for group in self.groups if group.wave == number]
        failed = [group for group in mine if group.status in UNSUCCESSFUL]
        return Wave(
            working=sum(g.accounts for g in mine if g.status in WORKING),
            good=sum(g.accounts for g in mine if g.status in SETTLED),
            failed=sum(group.accounts for group in failed),
            tolerated=sum(group.known for group in failed),
            known=sum(group.known for group in mine),
            carried=sum(g.carried for g in mine if g.status in WORKING),
        )

    @property
    def counts(self) -> Counts:
        undecided = self.statuses[Status.PLANNING] + self.statuses[Status.PLANNED]
        first, second, rest = (self.wave(number) for number in range(1, REST + 1))
        return Counts(undecided, self.statuses[Status.APPROVED], (first, second, rest))


def settings_of(rollout: Rollout) -> Settings:
    return Settings(
        first_wave=rollout.first_wave,
        second_percent=rollout.second_percent,
        at_once=rollout.at_once,
        most_failures=rollout.most_failures,
        failure_percent=rollout.failure_percent,
        waits=bool(rollout.take_over),
        follows=rollout.at_once == Rollout.AT_ONCE,
    )
