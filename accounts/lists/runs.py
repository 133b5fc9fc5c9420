"""Runs and rollouts: the lists with their filters, what each row says, and
reports as files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict

from accounts.lists.declaration import AT_ONCE, NOTHING, Columns, Filter, Listing, Value
from accounts.mapping.plans import entry_changes_of
from accounts.models import ManagingAccount, Rollout, Run, Step
from accounts.models.states import OPEN, WORKING, Status, words_of
from accounts.people.role_limits.limits import waits_for
from accounts.runs.rollouts.census import Census, groups_by_rollout, runs_of


def account_id_of(run: Run) -> str:
    return run.account.account_id if run.account else ""


def error_of(run: Run, what: str) -> Value:
    return str((run.error or {}).get(what, ""))


COLUMNS: Columns = {
    "account": lambda run: run.account_name,
    "account_id": account_id_of,
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
    census: Census


def rows_of(page: list[Rollout]) -> list[RolloutRow]:
    """Count the accounts of all these rollouts in one query."""
    counted = groups_by_rollout(page)
    censuses = [Census(rollout, counted) for rollout in page]
    return [
        RolloutRow(
            rollout,
            *(census.total, census.good, census.failed),
            open=sum(census.statuses[status] for status in OPEN),
            census=census,
        )
        for rollout, census in zip(page, censuses, strict=True)
    ]


IN_PROGRESS = "in progress"
"""What the URL says for every status that a worker is busy with."""

ME = "me"
"""What the URL says for the plans that wait for whoever looks."""

MINE = [(ME, "Needs my approval")]

NUMBER = re.compile(r"(?:run)?\s*(?:#\s*)?([0-9]{1,9})", re.IGNORECASE)
"""What people write for a run: its number, “#128” or “Run 128”."""

LEAST_DIGITS = 4
"""Fewer digits are in too many account IDs to search for them."""

LONGEST = 10
"""More digits are no number of a rollout."""


class RunRow(NamedTuple):
    run: Run
    changes: int | None
    """In AWS and in what Spinnaker knows; None where no plan was made."""


def by_text(text: str) -> Q:
    """Find runs by number, account, or whoever started or approved them."""
    found = Q(account_name__icontains=text)
    found |= Q(created_by_name__icontains=text) | Q(approved_by_name__icontains=text)
    if number := NUMBER.fullmatch(text):
        found |= Q(number=int(number[1]))
    digits = text.replace("-", "")
    if digits.isdecimal() and len(digits) >= LEAST_DIGITS:
        managing = ManagingAccount.objects.filter(account_id__contains=digits)
        found |= Q(account__account_id__contains=digits)
        found |= Q(Exists(managing), kind=Run.Kind.MANAGING)
    return found


def by_status(status: str) -> Q:
    return Q(status__in=WORKING) if status == IN_PROGRESS else Q(status=status)


def by_rollout(number: str) -> Q:
    """Find the newest run of each of a rollout's accounts, and its managing one."""
    known = number.isdecimal() and len(number) < LONGEST
    return Q(rollout=int(number), retried=False) if known else NOTHING


def by_waiting(person: User | None) -> Q:
    return Q(waits_for(person), status=Status.PLANNED) if person else Q()


def matching_runs(asked: QueryDict, person: User | None = None) -> QuerySet[Run]:
    """Find what the filters in the URL ask for, with the number of steps."""
    steps = Step.objects.filter(run=OuterRef("pk")).order_by().values("run")
    counted = Subquery(steps.values(count=Count("pk")))
    rows = Run.objects.select_related("account").defer("traceback", "error")
    found = RUNS.matching(rows, asked, person)
    return found.annotate(step_count=Coalesce(counted, 0))


def row_of(run: Run) -> RunRow:
    if run.kind == Run.Kind.VERIFY or run.status == Status.PLANNING:
        return RunRow(run, None)
    steps: int = run.step_count  # type: ignore[attr-defined]  # annotated above
    return RunRow(run, steps + len(entry_changes_of(run)))


EXPORTED = (
    *("number", "kind", "account_name", "status", "entries", "created_at"),
    *("created_by_name", "started_from", "approved_at", "approved_by_name"),
    *("finished_at", "account__account_id"),
)
"""The columns that an export is made of: others of a run can be long."""


def newest_first(asked: QueryDict, person: User | None = None) -> Iterator[Run]:
    """Read what the filters ask for with the ID of its account, a slice at a time, each
    after the last run of the one before.
    """
    rows = matching_runs(asked, person).select_related("account").only(*EXPORTED)
    left = rows = rows.order_by("-created_at", "-number")
    while some := list(left[:AT_ONCE]):
        yield from some
        last = some[-1]
        earlier = Q(created_at__lt=last.created_at) | Q(number__lt=last.number)
        left = rows.filter(earlier, created_at__lte=last.created_at)


RUNS = Listing(
    "runs",
    title="Runs",
    filters=(
        Filter(
            "text",
            by_text,
            "Run number, account, account ID, or person",
            help="A number, an account, or a person",
            unasked="Run, account, ID, or person",
        ),
        Filter("rollout", by_rollout, help="The number of a rollout"),
        Filter(
            "kind",
            lambda kind: Q(kind=kind),
            "Kind",
            Run.Kind.choices,
            words="RunKind",
            often=True,
        ),
        Filter(
            "status",
            by_status,
            "Status",
            [(one, words_of(one)) for one in (IN_PROGRESS, *Status.values)],
            "“in progress”: a worker is processing it",
            words="RunStatusFilter",
            often=True,
        ),
        Filter(
            "waits",
            by_waiting,
            "Approval by",
            MINE,
            "me: a plan that needs your approval",
            often=True,
            of_person=True,
            unasked="Anyone's approval",
        ),
    ),
    columns={
        "number": lambda row: row.number,
        "kind": lambda row: row.kind,
        "account": lambda row: row.account_name,
        "account_id": account_id_of,
        "status": lambda row: row.status,
        "changes": lambda row: row_of(row).changes,
        "started_at": lambda row: row.created_at,
        "started_by": lambda row: row.started_by,
        "approved_at": lambda row: row.approved_at,
        "approved_by": lambda row: row.approved_by_name,
        "ended_at": lambda row: row.finished_at,
        "id": lambda row: str(row.pk),
    },
    exported=newest_first,
)
