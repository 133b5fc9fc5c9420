"""Two bundles compared, and what changed between them as a bundle of its own."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.discover.comparisons import are_small, question_of
from accounts.http import Request, attachment
from accounts.models import Bundle
from accounts.people.roles import OPERATOR
from accounts.spinnaker.two_bundles import changes_between, compared, taken, two
from accounts.web.bundles.comparing import (
    Compared,
    Comparison,
    by_a_worker,
    not_shown_yet,
)
from accounts.web.bundles.review.changes import review_of
from accounts.web.role_limits.doors import everywhere_required
from accounts.web.role_limits.here import everywhere


def delta(request: Request, number: int, since: int) -> HttpResponse:
    earlier, later = two(number, since)
    shown = {
        "earlier": earlier,
        "later": later,
        "crumbs": [
            ("Bundles", reverse("accounts:bundles")),
            (str(later), later.get_absolute_url()),
        ],
        **everywhere(request, "a bundle"),
    }
    found = comparison(request, earlier, later)
    match found:
        case Compared(changes) if "look" not in request.GET:
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


def comparison(request: Request, earlier: Bundle, later: Bundle) -> Comparison:
    digests = (earlier.sha256, later.sha256)
    if are_small(earlier, later):
        return Compared(changes_between(digests))
    return by_a_worker(request, question_of(earlier, later), compared(digests))


@everywhere_required(OPERATOR, "a bundle")
def delta_download(request: Request, number: int, since: int) -> HttpResponse:
    return attachment(*taken(number, since, request.user), "application/zip")
