"""The report of a rollout: who, what and when of each account, and causes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Schema

from accounts.api.openapi.choices import RunStatus
from accounts.api.paging import Page, PageQuery, page_of
from accounts.api.v1.rollouts.deciding import rollout_numbered, router
from accounts.api.v1.texts import Number
from accounts.lists.declaration import cells_of
from accounts.lists.rollouts import COLUMNS, reported


class AccountReported(Schema):
    account: str
    account_id: str
    environment: str
    run: int = Field(description="The number of its newest run in this rollout")
    wave: int | None
    status: RunStatus
    plan: str = Field(description="The fingerprint of its group")
    started_by: str
    approved_at: datetime | None
    approved_by: str
    ended_at: datetime | None
    cause: str = Field(description="What ended it, or empty if nothing did")
    fix: str


@router.get(
    "/{number}/accounts",
    response=Page[AccountReported],
    summary="Read how a rollout is in each account",
)
def list_rollout_accounts(
    request: HttpRequest, number: Number, asked: Query[PageQuery]
) -> dict[str, Any]:
    """List the accounts of a rollout, each with its newest run, in its order."""
    found = page_of(reported(rollout_numbered(number)), "number", asked)
    return found.page(cells_of(COLUMNS, run) for run in found.rows)
