"""The list of bundles, and how it is searched."""

from __future__ import annotations

import re

from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import render

from accounts.http import Request
from accounts.models import Bundle, ManagedAccount, Spinnaker
from accounts.web.bundles.installed import ahead, installed_bundle
from accounts.web.live.state import live_site
from accounts.web.live.views import watched
from accounts.web.role_limits.here import everywhere
from accounts.web.search.filters import Filters, filtered

PAGE = 50
NUMBER = re.compile(r"(?:bundle\s*)?#?\s*([0-9]{1,9})", re.IGNORECASE)
"""What people write for a bundle: its number, “#5” or “Bundle 5”."""


def bundles(request: Request) -> HttpResponse:
    live = watched(request, live_site())
    installed = installed_bundle()
    page = Paginator(matching(request.GET), PAGE).get_page(request.GET.get("page"))
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


def by_text(text: str) -> Q:
    """Find bundles by number, digest, or whoever built them."""
    found = Q(created_by_name__icontains=text) | Q(sha256__startswith=text.lower())
    if number := NUMBER.fullmatch(text):
        found |= Q(number=int(number[1]))
    return found


FILTERS: Filters = {
    "text": by_text,
    "status": lambda status: Q(status=status),
}


def matching(asked: QueryDict) -> QuerySet[Bundle]:
    """Find what the filters in the URL ask for, the newest first."""
    found = filtered(Bundle.objects.light(), FILTERS, asked)
    return found.annotate(count=Count("accounts")).order_by("-number")
