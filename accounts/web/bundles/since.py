"""Two bundles compared."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from accounts.discover.comparisons import Made, of_two
from accounts.http import Request
from accounts.spinnaker.two_bundles import two
from accounts.web.bundles.comparing import comparison_found, not_shown_yet
from accounts.web.bundles.review.changes import review_of
from accounts.web.crumbs import crumbs


def bundle_since(request: Request, number: int, since: int) -> HttpResponse:
    earlier, later = two(number, since)
    shown: dict[str, Any] = {
        "earlier": earlier,
        "later": later,
        "crumbs": crumbs("bundles", later),
    }
    found = comparison_found(request, of_two(earlier, later))
    match found:
        case Made(changes) if "look" not in request.GET:
            review = review_of(changes.excerpt, request.GET.get("page"))
            shown |= {"changes": changes.excerpt, **review}
            return render(request, "bundles/since.html", shown)
    shown |= {
        "title": f"{later} since {earlier}",
        "heading": f"{later} since {earlier}",
        "what": f"{later} with {earlier}",
        "large": "Bundles of this size",
    }
    return not_shown_yet(request, found, **shown)
