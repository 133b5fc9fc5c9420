"""What needs attention, and who decided what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from accounts.api.authentication import ApiRequest
from accounts.api.openapi import AccountState, with_filters
from accounts.api.paging import Page, PageQuery, page_of
from accounts.api.requests import Request
from accounts.http import full_url
from accounts.lists.activity import ACTIVITY, detail_of, matching_activity
from accounts.lists.overview import (
    MOST_WORSE,
    counts_by_environment,
    fills,
    got_worse,
    states_of,
    to_do,
)
from accounts.mapping.managing import managing_row
from accounts.models import Activity
from onboarding import VERSION

activity = Router()

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


@activity.get("", response=Page[ActivityEntry], summary="List activity")
def list_activity(
    request: HttpRequest, asked: Query[PageQuery], filters: Query[ActivityFilters]
) -> dict[str, Any]:
    """List what was decided, newest first, as the filters ask."""
    return page_of(matching_activity(NO_ONE, request.GET), "-number", asked)


router = Router()


class StateCount(Schema):
    environment: str
    state: AccountState = Field(alias="word")
    accounts: int


class ToDo(Schema):
    sentence: str
    page: str = Field(description="Where people do it")


class GotWorse(Schema):
    """A check that was good once and is bad now."""

    run: int = Field(alias="run.number")
    account: str = Field(alias="run.account_name")
    provider: str
    name: str
    sentence: str
    fix: str
    checked_at: datetime | None


class Overview(Schema):
    version: str = Field(description="The version of Bowline")
    accounts: int
    states: dict[str, int] = Field(description="How many accounts, by state")
    environments: list[StateCount]
    to_do: list[ToDo] = Field(description="The most urgent first")
    worse: list[GotWorse] = Field(description=f"The newest {MOST_WORSE}")
    more_worse: bool


@router.get("", response=Overview, summary="Read the overview")
def read_overview(request: ApiRequest) -> dict[str, Any]:
    """Read in which state the accounts are, and what waits for a person."""
    managing = managing_row()
    counts = counts_by_environment()
    states = states_of(counts)
    worse = got_worse()
    todo = [*fills(managing), *to_do(states, counts, request.user)]
    return {
        "version": VERSION,
        "accounts": states.total(),
        "states": {state: count for state, count in states.items() if count},
        "environments": counts,
        "to_do": [
            {"sentence": one.text, "page": full_url(request, one.url)} for one in todo
        ],
        "worse": worse["worse"],
        "more_worse": worse["more_worse"],
    }
