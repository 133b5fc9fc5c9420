"""Bundles: what they hold, and the zip itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema

from accounts.api.authentication import OPERATES, ApiRequest
from accounts.api.openapi.choices import BundleStatus
from accounts.api.openapi.fields import with_filters
from accounts.api.paging import Page, PageQuery, page_of
from accounts.api.requests import Request
from accounts.api.v1.foreign import alike
from accounts.api.v1.foreign.alike import AlikeListed
from accounts.api.v1.texts import READ_AGAIN, Number
from accounts.http import attachment, full_url
from accounts.lists.bundles import BUNDLES, matching_bundles
from accounts.lists.declaration import cells_of
from accounts.models import Bundle
from accounts.spinnaker.bundles import download
from accounts.spinnaker.policies_of_others import MOST_IN_BUNDLE, of_bundle

router = Router()

OTHERS = (
    "What the last verifications found in its accounts and the managing one that "
    f"Bowline didn't plan; the first {MOST_IN_BUNDLE}"
)

ZIP = "application/zip"
A_ZIP = {
    "responses": {
        200: {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}
    }
}


@with_filters(BUNDLES)
class BundleFilters(Request):
    """What the list of bundles is searched by, as on its page."""


class BundleListed(Schema):
    number: int
    status: BundleStatus
    accounts: int
    size: int
    sha256: str
    created_at: datetime
    created_by: str
    installed_at: datetime | None


class BundleFile(Schema):
    path: str
    size: int
    sha256: str


class BundleInFull(BundleListed):
    path: str = Field(description=READ_AGAIN)
    in_progress: bool = Field(
        description="Whether a worker is building it. Poll until false"
    )
    page: str = Field(description="Where people read it")
    error: str
    files: list[BundleFile]
    policies_of_others: list[AlikeListed] = Field(description=OTHERS)


@router.get("", response=Page[BundleListed], summary="List bundles")
def list_bundles(
    request: HttpRequest, asked: Query[PageQuery], filters: Query[BundleFilters]
) -> dict[str, Any]:
    """List the bundles, newest first, as the filters ask."""
    found = page_of(matching_bundles(request.GET), "-number", asked)
    return found.page(cells_of(BUNDLES.columns, row) for row in found.rows)


@router.get("/{number}", response=BundleInFull, summary="Read a bundle")
def read_bundle(request: HttpRequest, number: Number) -> dict[str, Any]:
    """Read what a bundle is made of."""
    rows = Bundle.objects.defer("archive", "readme", "load")
    row = get_object_or_404(rows.annotate(count=Count("accounts")), number=number)
    return {
        **cells_of(BUNDLES.columns, row),
        "path": f"/bundles/{number}",
        "in_progress": row.status == Bundle.Status.BUILDING,
        "page": full_url(request, row.get_absolute_url()),
        "error": row.error,
        "files": row.files,
        "policies_of_others": [
            alike.group_item(one) for one in of_bundle(row.accounts.all())
        ],
    }


@router.get(
    "/{number}/download",
    auth=OPERATES,
    response={200: None},
    summary="Download a bundle",
    openapi_extra=A_ZIP,
)
def download_bundle(request: ApiRequest, number: Number) -> HttpResponse:
    """Download the zip. The activity log says who did."""
    row = get_object_or_404(Bundle.objects.built().light(), number=number)
    return attachment(*download(row, request.user), ZIP)
