"""Two bundles compared, and what changed between them as a bundle of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from ninja import Field, Query
from ninja.responses import Status

from accounts.api.authentication import OPERATES, ApiRequest
from accounts.api.v1.bundles.comparing import (
    TAKES_LONG,
    AskedBefore,
    Compared,
    Waits,
    comparison_answer,
    made,
)
from accounts.api.v1.bundles.reading import A_ZIP, ZIP, router
from accounts.api.v1.texts import Number
from accounts.discover.comparisons import of_two
from accounts.http import attachment, full_url
from accounts.spinnaker.two_bundles import download_changes, two

NOTHING = "Nothing changed. Both bundles are identical."


class TwoBundles(Compared):
    number: int
    since: int = Field(description="The earlier bundle")


@router.get(
    "/{number}/since/{since}",
    response={200: TwoBundles, 202: TwoBundles},
    summary="Compare a bundle with an earlier one",
)
def compare_bundles(
    request: ApiRequest, number: Number, since: Number, before: Query[AskedBefore]
) -> Any:
    """Read what changes in Spinnaker’s configuration. A worker compares large bundles:
    the answer is 202 until then.
    """
    earlier, later = two(number, since)
    found = made(of_two(earlier, later), request.user, before.asked)
    said: dict[str, Any] = {
        "number": number,
        "since": since,
        **comparison_answer(
            f"/bundles/{number}/since/{since}",
            full_url(request, reverse("accounts:delta", args=(number, since))),
            found,
        ),
    }
    if isinstance(found, Waits):
        said["sentence"] = f"{later} is compared with {earlier}. {TAKES_LONG}"
        return Status(202, said)
    changes = replace(found.changes, since=since)
    said["sentence"] = changes.summary() if changes.excerpt else NOTHING
    return said


@router.get(
    "/{number}/since/{since}/download",
    auth=OPERATES,
    response={200: None},
    summary="Download what changed since an earlier bundle",
    openapi_extra=A_ZIP,
)
def download_bundle_changes(
    request: ApiRequest, number: Number, since: Number
) -> HttpResponse:
    """Download a bundle whose hal scripts change only these accounts. Use it only if
    Spinnaker has the earlier one. The activity log says who did.
    """
    return attachment(*download_changes(number, since, request.user), ZIP)
