"""What was handed out to an owner before, and when the owner had it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from ninja import Field, Query, Schema

from accounts.api.authentication import OPERATES, ApiRequest
from accounts.api.paging import Page, PageQuery, page_of
from accounts.api.v1.accounts.describing import account_named, router
from accounts.api.v1.texts import Name, Number
from accounts.models import HandOff
from accounts.runs.owners.subject import hand_out


class VersionListed(Schema):
    number: int
    stack_name: str
    region: str
    at: datetime
    by: str = Field(alias="by_name")
    found_at: datetime | None = Field(description="When Bowline found it in AWS")
    said_at: datetime | None = Field(description="When someone reported that it exists")
    said_by: str = Field(alias="said_by_name")
    removed_at: datetime | None = Field(description="When its account was removed")


class VersionInFull(VersionListed):
    template: str = Field(alias="text.text")


@router.get(
    "/{name}/hand-off/versions",
    auth=OPERATES,
    response=Page[VersionListed],
    summary="List the hand-off versions of an account",
)
def list_hand_off_versions(
    request: ApiRequest, name: Name, asked: Query[PageQuery]
) -> dict[str, Any]:
    """List the versions of the templates, newest first."""
    account = account_named(name)
    hand_out.refuse(account, request.user, locks=False)
    found = page_of(HandOff.objects.filter(account=account), "-number", asked)
    return found.page(found.rows)


@router.get(
    "/{name}/hand-off/versions/{number}",
    auth=OPERATES,
    response=VersionInFull,
    summary="Read a hand-off version of an account",
)
def read_hand_off_version(request: ApiRequest, name: Name, number: Number) -> HandOff:
    """Read the templates of this version."""
    account = account_named(name)
    hand_out.refuse(account, request.user, locks=False)
    rows = HandOff.objects.select_related("text")
    return get_object_or_404(rows, account=account, number=number)
