"""The page that lists runs."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.http import Request
from accounts.lists.runs import FILTERS, IN_PROGRESS, ME, matching, row_of
from accounts.models import Run
from accounts.models.states import Status
from accounts.runs.deciding.groups import same_plans
from accounts.web.live.state import live_site
from accounts.web.live.views import watched

PAGE = 50


def runs(request: Request) -> HttpResponse:
    """List the runs, newest first, as the filters in the URL ask."""
    live = watched(request, live_site())
    found = matching(request.GET, request.user)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    waits = request.GET.get("waits") == ME
    is_filtered = waits or any(request.GET.get(key) for key in FILTERS)
    shown = {
        "live": live,
        "page": page,
        "rows": [row_of(run) for run in page],
        "moving": any(run.is_working for run in page),
        "filters": {key: request.GET.get(key, "").strip() for key in FILTERS},
        "waits": waits,
        "is_filtered": is_filtered,
        "same": [] if is_filtered else same_plans(),
        "kinds": Run.Kind.choices,
        "statuses": [IN_PROGRESS, *Status.values],
    }
    return render(request, "runs/runs.html", shown)


def run_by_number(request: Request, number: int) -> HttpResponse:
    """Lead from the number that somebody quoted to the run."""
    return redirect(get_object_or_404(Run, number=number))
