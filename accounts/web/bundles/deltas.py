"""Two bundles compared, and what changed between them as a bundle of its own."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from accounts.discover.comparisons import Made, of_two
from accounts.http import Request, attachment
from accounts.people.doors import operator_required
from accounts.spinnaker.two_bundles import download_changes, two
from accounts.web.bundles.comparing import comparison_found, not_shown_yet
from accounts.web.bundles.review.changes import review_of
from accounts.web.crumbs import crumbs
from accounts.web.role_limits.here import everywhere


def delta(request: Request, number: int, since: int) -> HttpResponse:
    earlier, later = two(number, since)
    shown = {
        "earlier": earlier,
        "later": later,
        "crumbs": crumbs("bundles", later),
        **everywhere(request, "a bundle"),
    }
    found = comparison_found(request, of_two(earlier, later))
    match found:
        case Made(changes) if "look" not in request.GET:
            review = review_of(changes.excerpt, request.GET.get("page"))
            shown |= {"delta": changes.excerpt, **review}
            return render(request, "bundles/delta.html", shown)
    shown |= {
        "title": f"{later} since {earlier}",
        "heading": f"{later} since {earlier}",
        "what": f"{later} with {earlier}",
        "large": "Bundles of this size",
    }
    return not_shown_yet(request, found, shown)


@operator_required
def delta_download(request: Request, number: int, since: int) -> HttpResponse:
    return attachment(*download_changes(number, since, request.user), "application/zip")
