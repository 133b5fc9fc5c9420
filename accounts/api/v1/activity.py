"""Activity: who decided what, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from ninja import Query, Router, Schema

from accounts.api.openapi.fields import with_filters
from accounts.api.paging import Page, PageQuery, page_of
from accounts.api.requests import Request
from accounts.lists.activity import ACTIVITY, detail_of, matching_activity
from accounts.models import Activity

router = Router()

NO_ONE = AnonymousUser()
"""No scope reads what concerns people, such as where they signed in from."""


@with_filters(ACTIVITY)
class ActivityFilters(Request):
    """What the activity log is searched by, as on its page."""


class ActivityEntry(Schema):
    number: int
    at: datetime
    who: str
    what: str
    about: str
    detail: dict[str, Any]
    hash: str

    @staticmethod
    def resolve_detail(row: Activity) -> dict[str, Any]:
        return detail_of(row)


@router.get("", response=Page[ActivityEntry], summary="List activity")
def list_activity(
    request: HttpRequest, asked: Query[PageQuery], filters: Query[ActivityFilters]
) -> dict[str, Any]:
    """List what was decided, newest first, as the filters ask."""
    found = page_of(matching_activity(NO_ONE, request.GET), "-number", asked)
    return found.page(found.rows)
