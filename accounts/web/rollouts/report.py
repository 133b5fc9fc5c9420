"""The report of a rollout as a file: who, what and when of each account, and causes."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http.response import HttpResponseBase

from accounts.http import Request
from accounts.models import Rollout, Run
from accounts.runs.rollouts.census import runs_of
from accounts.web.exports.files import AT_ONCE, Columns, Value, download
from accounts.web.rollouts.views import rollout_of


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


def rollout_report(request: Request, number: int, form: str) -> HttpResponseBase:
    rollout = rollout_of(number)
    found = reported(rollout).order_by("number")
    name = f"rollout-{rollout.number}"
    return download(request, name, form, COLUMNS, found.iterator(chunk_size=AT_ONCE))


def reported(rollout: Rollout) -> QuerySet[Run]:
    """Find the newest run of each account, with what the report says of it."""
    rows = runs_of(rollout).select_related("account")
    return rows.defer("traceback", "entries", "account__proved")
