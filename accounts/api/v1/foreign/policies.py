"""Policies of others on roles that Bowline vouches for: list, ask, accept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from pydantic import AfterValidator

from accounts.api.authentication import ApiRequest
from accounts.api.openapi.fields import PolicyState
from accounts.api.operations import operation
from accounts.api.paging import Page, PageQuery, page_of
from accounts.api.problems import Code, Problem
from accounts.api.requests import Request
from accounts.api.v1.texts import NO_NUL, Digest, Filter, Number, seen
from accounts.models import ForeignPolicy
from accounts.runs.foreign import accepting

router = Router()

NO_POLICY = "There is no policy of others {}."
Reason = Annotated[
    str, Field(min_length=1, max_length=500, pattern=NO_NUL), AfterValidator(seen)
]


class ForeignPolicyListed(Schema):
    number: int = Field(alias="pk")
    account: str = Field(description="Its name, or empty for the managing account")
    role: str
    policy: str
    policy_arn: str = Field(description="empty if it is inside the role")
    effects: list[str] = Field(
        description="What it lets the role do that is read first"
    )
    document: dict[str, Any] | None = Field(description="null: it may not be read")
    state: PolicyState
    alike: str = Field(description="The same for the same policy in other accounts")
    removable: bool = Field(description="Whether a plan removes it")
    found_at: datetime
    reason: str
    until: date | None
    asked_by: str = Field(alias="asked_by_name")
    accepted_by: str = Field(alias="accepted_by_name")
    read: str = Field(alias="asked_digest", description="What accepting it is about")

    @staticmethod
    def resolve_account(row: ForeignPolicy) -> str:
        return row.account.name if row.account else ""


class Ask(Request):
    reason: Reason = Field(description="Why it may stay")
    until: date = Field(description="The last day on which it may")


class Acceptance(Request):
    read: Digest = Field(description="As it was when you read it")


class ForeignPolicyFilters(Request):
    account: Filter = Field("", description="An account’s name")


@router.get(
    "", response=Page[ForeignPolicyListed], summary="List the policies of others"
)
def list_foreign_policies(
    request: HttpRequest, asked: Query[PageQuery], filters: Query[ForeignPolicyFilters]
) -> dict[str, Any]:
    """List what the last runs found on roles, which Bowline did not plan."""
    rows = ForeignPolicy.objects.select_related("account")
    if filters.account:
        rows = rows.filter(account__name=filters.account)
    found = page_of(rows, "pk", asked)
    return found.page(found.rows)


def numbered(number: Number) -> ForeignPolicy:
    policy = ForeignPolicy.objects.select_related("account", "asked_by")
    found = policy.filter(pk=number).first()
    if found is None:
        raise Problem(Code.NOT_FOUND, NO_POLICY.format(number))
    return found


def decided(_: ApiRequest, policy: ForeignPolicy, __: ForeignPolicy) -> ForeignPolicy:
    return numbered(policy.pk)


operation(
    router,
    "/{number}/ask",
    accepting.ask,
    "ask_for_foreign_policy",
    "Ask to accept a policy of others",
    {200: ForeignPolicyListed},
    says="Ask to let it stay until a day. What was accepted before ends.",
    find=numbered,
    body=Ask,
    answer=decided,
)
operation(
    router,
    "/{number}/accept",
    accepting.accept,
    "accept_foreign_policy",
    "Accept a policy of others",
    {200: ForeignPolicyListed},
    says="Accept it as requested. Verifications then don’t fail because of it.",
    find=numbered,
    body=Acceptance,
    answer=decided,
)
operation(
    router,
    "/{number}/end",
    accepting.end,
    "end_foreign_policy",
    "End the acceptance of a policy of others",
    {200: ForeignPolicyListed},
    says="From now on, it counts as not approved.",
    find=numbered,
    answer=decided,
)
