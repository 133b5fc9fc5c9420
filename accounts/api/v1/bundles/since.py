"""Two bundles compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.urls import reverse
from ninja import Field, Query
from ninja.responses import Status

from accounts.api.authentication import ApiRequest
from accounts.api.v1.bundles.comparing import (
    TAKES_LONG,
    AskedBefore,
    Compared,
    Waits,
    comparison_answer,
    made,
)
from accounts.api.v1.bundles.reading import router
from accounts.api.v1.texts import Number
from accounts.discover.comparisons import of_two
from accounts.http import full_url
from accounts.spinnaker.two_bundles import two

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
            full_url(request, reverse("accounts:bundle-since", args=(number, since))),
            found,
        ),
    }
    if isinstance(found, Waits):
        said["sentence"] = f"{later} is compared with {earlier}. {TAKES_LONG}"
        return Status(202, said)
    changes = replace(found.changes, since=since)
    said["sentence"] = changes.summary() if changes.excerpt else NOTHING
    return said
