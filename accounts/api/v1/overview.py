"""The overview: how many accounts are in which state, and what waits for a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Field, Router, Schema

from accounts.api.authentication import ApiRequest
from accounts.api.openapi.fields import AccountState
from accounts.http import full_url
from accounts.lists.overview import (
    MOST_WORSE,
    counts_by_environment,
    fills,
    got_worse,
    states_of,
    to_do,
)
from accounts.mapping.managing import managing_row
from onboarding import VERSION

router = Router()


class StateCount(Schema):
    environment: str
    state: AccountState
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
        "environments": [
            {
                "environment": one.environment,
                "state": one.word,
                "accounts": one.accounts,
            }
            for one in counts
        ],
        "to_do": [
            {"sentence": one.text, "page": full_url(request, one.url)} for one in todo
        ],
        "worse": worse["worse"],
        "more_worse": worse["more_worse"],
    }
