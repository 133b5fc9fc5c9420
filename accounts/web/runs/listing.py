"""The page that lists runs."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.http import Request, page_of
from accounts.lists.runs import RUNS, WAITS, matching_runs, row_of
from accounts.models import Run
from accounts.models.states import Status
from accounts.people.roles import APPROVER, has_role
from accounts.runs.deciding.coming_first import open_managing_run, waiting_among
from accounts.runs.deciding.groups import identical_plans
from accounts.web.live.state import live_site
from accounts.web.live.views import watched


def runs(request: Request) -> HttpResponse:
    """List the runs, newest first, as the filters in the URL ask."""
    live = watched(request, live_site())
    found = matching_runs(request.GET, request.user)
    page = page_of(request, found)
    approves = has_role(request.user, APPROVER)
    form = RUNS.form(request.GET, waits=WAITS if approves else ())
    after = waiting_among(run for run in page if run.status == Status.PLANNED)
    shown = {
        "live": live,
        "page": page,
        "rows": [row_of(run) for run in page],
        "after": after,
        "managing_run": open_managing_run() if after else None,
        "moving": any(run.is_working for run in page),
        "filter_form": form,
        "same": [] if form.is_filtered else identical_plans(),
    }
    return render(request, "runs/runs.html", shown)


def run_by_number(request: Request, number: int) -> HttpResponse:
    """Lead from the number that somebody quoted to the run."""
    return redirect(get_object_or_404(Run, number=number))
