"""Rollouts: how many accounts are how far, and the report of one as a file."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Count, Q, QuerySet

from accounts.lists.declaration import Columns, Value
from accounts.models import Rollout, Run
from accounts.models.states import OPEN, UNSUCCESSFUL, Status
from accounts.runs.rollouts.census import GOOD, runs_of


def error_of(run: Run, what: str) -> Value:
    return str((run.error or {}).get(what, ""))


COLUMNS: Columns = {
    "account": lambda run: run.account_name,
    "account_id": lambda run: run.account.account_id if run.account else "",
    "environment": lambda run: run.account.environment if run.account else "",
    "run": lambda run: run.number,
    "wave": lambda run: run.wave,
    "status": lambda run: run.status,
    "plan": lambda run: run.fingerprint,
    "started_by": lambda run: run.created_by_name,
    "approved_at": lambda run: run.approved_at,
    "approved_by": lambda run: run.approved_by_name,
    "ended_at": lambda run: run.finished_at,
    "cause": lambda run: error_of(run, "message"),
    "fix": lambda run: error_of(run, "hint"),
}


def reported(rollout: Rollout) -> QuerySet[Run]:
    """Find the newest run of each account, with what the report says of it."""
    rows = runs_of(rollout).select_related("account")
    return rows.defer("traceback", "entries", "account__verified")


class RolloutRow(NamedTuple):
    rollout: Rollout
    accounts: int
    good: int
    failed: int
    open: int


def rows_of(page: list[Rollout]) -> list[RolloutRow]:
    """Count the accounts of all these rollouts in one query."""
    runs = Run.objects.filter(rollout__in=page, retried=False)
    mine = runs.exclude(kind=Run.Kind.MANAGING).exclude(status=Status.DISCARDED)
    counted = (
        mine.order_by()
        .values_list("rollout")
        .annotate(
            Count("pk"),
            good=Count("pk", filter=Q(status__in=GOOD)),
            failed=Count("pk", filter=Q(status__in=UNSUCCESSFUL)),
            open=Count("pk", filter=Q(status__in=OPEN)),
        )
    )
    counts = {number: found for number, *found in counted}
    return [RolloutRow(one, *counts.get(one.pk, [0, 0, 0, 0])) for one in page]
