"""The page that lists bundles."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from accounts.http import Request, page_of
from accounts.lists.bundles import FILTERS, ahead, installed_bundle, matching
from accounts.models import Bundle, ManagedAccount, Spinnaker
from accounts.web.live.state import live_site
from accounts.web.live.views import watched
from accounts.web.role_limits.here import everywhere


def bundles(request: Request) -> HttpResponse:
    live = watched(request, live_site())
    installed = installed_bundle()
    page = page_of(request, matching(request.GET))
    shown = {
        "live": live,
        "page": page,
        "filters": {key: request.GET.get(key, "").strip() for key in FILTERS},
        "is_filtered": any(request.GET.get(key) for key in FILTERS),
        "statuses": Bundle.Status.values,
        "ready": ManagedAccount.objects.ready().count(),
        "installed": installed,
        "ahead": ahead(installed),
        "spinnaker": Spinnaker.objects.exists(),
        **everywhere(request, "a bundle"),
    }
    return render(request, "bundles/bundles.html", shown)
