"""Policies of others on roles, alone and the same of many accounts: read,
accepted, removed.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema
from pydantic import AfterValidator

from accounts.api.authentication import ApiRequest
from accounts.api.openapi import PolicyState
from accounts.api.operations import operation
from accounts.api.paging import LARGEST, Page, PageQuery, page_of
from accounts.api.problems import Code, Problem
from accounts.api.requests import Request
from accounts.api.v1.texts import NO_NUL, Digest, Filter, Number, seen
from accounts.decisions.many import Choice, Many
from accounts.models import ForeignPolicy
from accounts.runs.foreign import accepting
from accounts.runs.foreign.accepting import MOST_AT_ONCE
from accounts.spinnaker.policies_of_others import Group, groups, with_first

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
    return page_of(rows, "pk", asked)


def numbered(number: Number) -> ForeignPolicy:
    policy = ForeignPolicy.objects.select_related("account", "asked_by")
    found = policy.filter(pk=number).first()
    if found is None:
        raise Problem(Code.NOT_FOUND, NO_POLICY.format(number))
    return found


on_policy = partial(
    operation,
    router,
    response={200: ForeignPolicyListed},
    find=numbered,
    answer=lambda _, policy, __: numbered(policy.pk),
)
on_policy(
    "/{number}/ask",
    accepting.ask,
    "ask_for_foreign_policy",
    "Ask to accept a policy of others",
    says="Ask to let it stay until a day. What was accepted before ends.",
    body=Ask,
)
on_policy(
    "/{number}/accept",
    accepting.accept,
    "accept_foreign_policy",
    "Accept a policy of others",
    says="Accept it as requested. Verifications then don’t fail because of it.",
    body=Acceptance,
)
on_policy(
    "/{number}/end",
    accepting.end,
    "end_foreign_policy",
    "End the acceptance of a policy of others",
    says="From now on, it counts as not approved.",
)


alike = Router()

NONE = "No account has this policy of others."
Alike = Annotated[str, Path(max_length=64, pattern="^[a-z0-9-]+$")]
Numbers = Annotated[
    list[Annotated[int, Field(ge=1, le=LARGEST)]],
    Field(
        min_length=1,
        max_length=MOST_AT_ONCE,
        description="The numbers of the policies that you read",
    ),
]


class AlikeListed(Schema):
    alike: str
    accounts: int
    not_approved: int = 0
    asked_for: int = 0
    accepted: int = 0
    role: str
    policy: str
    effects: list[str]


class LeftAlike(Schema):
    accounts: list[str]
    why: str


class ChosenAlike(Schema):
    policies: list[int] = Field(
        description="The numbers of those that the token’s person may decide about; "
        f"at most {MOST_AT_ONCE:,}"
    )
    excluded: list[LeftAlike]


class AskedAlike(ChosenAlike):
    read: str = Field(description="What accepting it is about")
    asked_by: str
    reason: str
    until: date


class ForeignPolicyNamed(Schema):
    number: int = Field(alias="pk")
    account: str = Field(alias="place")
    state: PolicyState


class SamePolicies(Schema):
    one: ForeignPolicyListed = Field(description="The others say the same")
    policies: list[ForeignPolicyNamed]
    to_ask: ChosenAlike = Field(description="About which no one asks")
    to_accept: list[AskedAlike] = Field(description="What is asked, and by whom")
    to_end: ChosenAlike = Field(description="What is accepted")


class AskAlike(Ask):
    policies: Numbers


class AcceptAlike(Request):
    policies: Numbers
    read: Digest = Field(description="What is asked, as it was when you read it")


class EndAlike(Request):
    policies: Numbers


class DecidedAlike(Schema):
    decided: int = Field(description="In how many accounts")
    left: list[str] = Field(description="Which are excluded, and why")


@alike.get("", response=list[AlikeListed], summary="List policies in many accounts")
def list_alike_policies(request: HttpRequest) -> Any:
    """List the policies of others that more than one account has, with their states."""
    return [group_item(one) for one in with_first(groups(at_least=2))]


def group_item(group: Group) -> dict[str, Any]:
    one = group.one
    states = {word.replace(" ", "_"): count for word, count in group.states}
    says = {"role": one.role, "policy": one.policy, "effects": one.effects}
    return {"alike": one.alike, "accounts": group.total, **states, **says}


@alike.get("/{alike}", response=SamePolicies, summary="Read a policy in many accounts")
def read_alike_policies(request: ApiRequest, alike: Alike) -> dict[str, Any]:
    """Read what it does, in which accounts it is, and what may be decided where."""
    policies = list(ForeignPolicy.objects.alike(alike))
    if not policies:
        raise Problem(Code.NOT_FOUND, NONE)
    return {
        "one": policies[0],
        "policies": policies,
        "to_ask": chosen(accepting.to_ask(alike, request.user)),
        "to_accept": [
            {
                **chosen(asked.choice),
                "read": asked.one.asked_alike,
                "asked_by": asked.one.asked_by_name,
                "reason": asked.one.reason,
                "until": asked.one.until,
            }
            for asked in accepting.to_accept(alike, request.user)
        ],
        "to_end": chosen(accepting.to_end(alike, request.user)),
    }


def chosen(choice: Choice[ForeignPolicy]) -> dict[str, Any]:
    left = [
        {"accounts": [policy.place for policy in one.subjects], "why": one.why}
        for one in choice.left
    ]
    return {"policies": choice.numbers, "excluded": left}


def alike_named(alike: Alike) -> str:
    return alike


def decided(_: ApiRequest, __: str, many: Many[ForeignPolicy]) -> dict[str, Any]:
    """Say what was decided; raise Problem where nothing was."""
    left = [*many.reasons, *filter(None, [many.also])]
    if not many.done:
        raise Problem(Code.NOTHING_DECIDED, " ".join(["Nothing was decided.", *left]))
    return {"decided": len(many.done), "left": left}


on_alike = partial(
    operation, alike, response={200: DecidedAlike}, find=alike_named, answer=decided
)
on_alike(
    "/{alike}/ask",
    accepting.ask_alike,
    "ask_for_alike_policies",
    "Ask to accept a policy in many accounts",
    says="Ask to let those of these stay until a day that no one asks about yet.",
    body=AskAlike,
)
on_alike(
    "/{alike}/accept",
    accepting.accept_alike,
    "accept_alike_policies",
    "Accept a policy in many accounts",
    says="Accept those of these as requested, each as if it were decided alone.",
    body=AcceptAlike,
)
on_alike(
    "/{alike}/end",
    accepting.end_alike,
    "end_alike_policies",
    "End the acceptance of a policy in many accounts",
    says="Let those of these that are accepted count as not approved from now on.",
    body=EndAlike,
)
