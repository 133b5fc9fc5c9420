"""Two bundles compared, and what changed between them as a bundle of its own."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from accounts.discover.lookups import TWO_BUNDLES, Question
from accounts.http import Request, attachment
from accounts.models import Activity, Bundle
from accounts.people.activity import record
from accounts.people.roles import OPERATOR
from accounts.spinnaker.two_bundles import between, changes_between, compared
from accounts.web.bundles.changes import review_of
from accounts.web.bundles.comparing import (
    Compared,
    Comparison,
    by_a_worker,
    not_shown_yet,
)
from accounts.web.role_limits.doors import everywhere_required
from accounts.web.role_limits.here import everywhere
from onboarding.spinnaker.bundle.archive import zipped
from onboarding.spinnaker.bundle.contents import accounts_in
from onboarding.spinnaker.bundle.delta import Later, delta_files

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_IN_A_REQUEST = 200_000
"""The largest zip in bytes that a request compares: two of them take it 40 ms."""


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
            shown |= {"delta": changes.excerpt, **review_of(changes.excerpt)}
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


def are_small(*bundles: Bundle) -> bool:
    return max(bundle.size for bundle in bundles) <= MOST_IN_A_REQUEST


def question_of(earlier: Bundle, later: Bundle) -> Question:
    return Question(TWO_BUNDLES, "aws", bundles=(earlier.sha256, later.sha256))


@everywhere_required(OPERATOR, "a bundle")
def delta_download(request: Request, number: int, since: int) -> HttpResponse:
    return attachment(*taken(number, since, request.user), "application/zip")


def taken(number: int, since: int, by: User) -> tuple[bytes, str]:
    """Make a zip of what changed, and its name; the activity log says who took it."""
    earlier, later = two(number, since)
    paths = tuple(file["path"] for file in later.files)
    whole = Later(number, accounts_in(later.archive), paths, later.archive)
    files = delta_files(between(earlier, later), whole, since=since)
    name = f"bowline-{number}-since-{since}.zip"
    archive = zipped(files)
    detail = {
        "bundle": number,
        "since": since,
        "sha256": hashlib.sha256(archive).hexdigest(),
    }
    record(by, Activity.What.DOWNLOAD, str(later), detail)
    return archive, name


def two(number: int, since: int) -> tuple[Bundle, Bundle]:
    """Fetch the earlier and the later bundle; 404 unless ready and in order."""
    if since >= number:
        raise Http404
    built = Bundle.objects.built().light()
    later = get_object_or_404(built, number=number)
    return get_object_or_404(built, number=since), later
