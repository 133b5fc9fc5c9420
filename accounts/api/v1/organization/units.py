"""Units of the organization: watched, or not."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Path, Query, Schema
from ninja.responses import Status

from accounts.api.authentication import OPERATES, ApiRequest
from accounts.api.idempotency import changes
from accounts.api.openapi.choices import YesNo
from accounts.api.openapi.fields import with_fields
from accounts.api.operations import operation
from accounts.api.paging import Page, PageQuery, page_of
from accounts.api.requests import Request
from accounts.api.v1.organization.members import (
    InCommon,
    checked,
    filled,
    read_to_the_end,
    router,
)
from accounts.api.v1.texts import NO_NUL
from accounts.discover.organization.watching import stop_watching, watch_unit
from accounts.forms.organization import WatchForm
from accounts.mapping.managed import columns_of_row
from accounts.mapping.managing import managing_of, managing_row
from accounts.models import Organization, Unit, Watch
from onboarding.description.fields import SHARED
from onboarding.description.values import spelled

UnitId = Annotated[str, Path(max_length=68, pattern="^[a-z0-9-]+$")]
Key = Annotated[str, Field(max_length=128, pattern=NO_NUL)]


class UnitFilters(Request):
    watched: YesNo | None = None


class WatchTemplate(InCommon):
    """What new accounts of a watched unit are described with."""

    roles_tag: Key = Field(
        "", description="The tag whose value is the group with write access"
    )


@with_fields(SHARED, always=True)
class WatchedWith(Schema):
    since: datetime
    created_by: str
    providers: list[str]
    roles_tag: str


class UnitListed(Schema):
    id: str
    path: str = Field(description="The names from the root to it")
    watch: WatchedWith | None = Field(description="null: it isn’t watched")


@router.get(
    "/units",
    auth=OPERATES,
    response=Page[UnitListed],
    summary="List the organization’s units",
)
def list_organization_units(
    request: HttpRequest, asked: Query[PageQuery], filters: Query[UnitFilters]
) -> dict[str, Any]:
    """List its units by ID, each with what its new accounts are described with."""
    rows = Unit.objects.filter(organization=organization()).select_related("watch")
    if filters.watched:
        rows = rows.filter(watch__isnull=filters.watched == "no")
    found = page_of(rows, "unit_id", asked)
    return found.page(unit_of(row) for row in found.rows)


@changes(
    router,
    "/units/{unit}/watch",
    "Watch a unit",
    {200: UnitListed, 201: UnitListed},
    method="PUT",
)
def watch_organization_unit(
    request: ApiRequest, unit: UnitId, body: WatchTemplate
) -> Any:
    """Make drafts of new accounts in the unit and below it. If the unit is watched
    already, later drafts are described as this request says. Nothing is planned.
    """
    row, kept = unit_called(unit), organization()
    said = filled(body)
    said.update({"unit": str(row.pk), "roles_tag": body.roles_tag})
    partition = managing_row().partition
    form = checked(WatchForm(said, organization=kept, partition=partition))
    roles_tag = form.cleaned_data["roles_tag"]
    existed = Watch.objects.filter(unit=row).exists()
    watch_unit(row, form.shared(), roles_tag, request.user)
    return Status(200 if existed else 201, unit_of(unit_called(unit)))


def organization() -> Organization:
    return read_to_the_end(managing_of(managing_row()))


def unit_called(unit_id: str) -> Unit:
    """Find a unit by its ID; 404 where there is none."""
    rows = Unit.objects.select_related("watch")
    return get_object_or_404(rows, organization=organization(), unit_id=unit_id)


def unit_of(row: Unit) -> dict[str, Any]:
    watch: Watch | None = getattr(row, "watch", None)
    return {
        "id": row.unit_id,
        "path": row.path,
        "watch": None if watch is None else watched_with(watch),
    }


def watched_with(watch: Watch) -> dict[str, Any]:
    return {
        "since": watch.since,
        "created_by": watch.created_by_name,
        **spelled(columns_of_row(watch, SHARED), SHARED),
        "providers": watch.providers,
        "roles_tag": watch.roles_tag,
    }


def watch_on(unit: UnitId) -> Watch:
    rows = Watch.objects.select_related("unit")
    return get_object_or_404(rows, unit=unit_called(unit))


operation(
    router,
    "/units/{unit}/watch",
    stop_watching,
    "unwatch_organization_unit",
    "Stop watching a unit",
    {204: None},
    says="Stop making drafts of new accounts in the unit. Existing ones stay.",
    find=watch_on,
    method="DELETE",
)
