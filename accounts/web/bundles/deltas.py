"""Two bundles compared, and what changed between them as a bundle of its own."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from accounts.activity import record
from accounts.models import Activity, Bundle
from accounts.web.access import operator_required
from accounts.web.bundles.changes import delta_review
from accounts.web.request import Request
from onboarding.spinnaker.bundle import comparison as deltas
from onboarding.spinnaker.bundle.archive import zipped
from onboarding.spinnaker.bundle.contents import accounts_in, files_in
from onboarding.spinnaker.bundle.delta import Later, delta_files
from onboarding.spinnaker.bundle.excerpt import Excerpt, Texts


def delta(request: Request, number: int, since: int) -> HttpResponse:
    earlier, later = two(number, since)
    texts = (partial(texts_of, bundle) for bundle in (earlier, later))
    found = Excerpt.of(between(earlier, later), *texts)
    crumbs = [
        ("Bundles", reverse("accounts:bundles")),
        (str(later), later.get_absolute_url()),
    ]
    shown = {
        "earlier": earlier,
        "later": later,
        "delta": found,
        **review_of(found),
        "crumbs": crumbs,
    }
    return render(request, "bundles/delta.html", shown)


def review_of(found: Excerpt) -> dict[str, Any]:
    """Return what the pages of deltas show."""
    return {"review": delta_review(found), "more": found.accounts_left_out}


def texts_of(bundle: Bundle, paths: list[str]) -> Texts:
    return {file.path: file.text for file in files_in(bundle.archive, paths)}


@operator_required
def delta_download(request: Request, number: int, since: int) -> HttpResponse:
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
    record(request.user, Activity.What.DOWNLOAD, str(later), detail)
    return HttpResponse(
        archive,
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def two(number: int, since: int) -> tuple[Bundle, Bundle]:
    """Fetch the earlier and the later bundle; 404 unless ready and in order."""
    if since >= number:
        raise Http404
    built = Bundle.objects.built()
    later = get_object_or_404(built, number=number)
    return get_object_or_404(built, number=since), later


def between(earlier: Bundle, later: Bundle) -> deltas.BundleDelta:
    return deltas.delta(
        accounts_in(earlier.archive),
        accounts_in(later.archive),
        digests(earlier),
        digests(later),
    )


def digests(bundle: Bundle) -> dict[str, str]:
    return {file["path"]: file["sha256"] for file in bundle.files}
