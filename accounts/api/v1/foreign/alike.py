"""The same policy of others in many accounts: read once, decided at once."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Path, Router, Schema

from accounts.api.authentication import ApiRequest
from accounts.api.openapi.fields import PolicyState
from accounts.api.operations import operation
from accounts.api.paging import LARGEST
from accounts.api.problems import Code, Problem
from accounts.api.requests import Request
from accounts.api.v1.foreign.policies import Ask, ForeignPolicyListed
from accounts.api.v1.texts import Digest
from accounts.decisions.many import Choice, Many
from accounts.models import ForeignPolicy
from accounts.runs.foreign import accepting as deciding
from accounts.runs.foreign.accepting import MOST_AT_ONCE
from accounts.spinnaker.policies_of_others import Group, groups, with_first

router = Router()

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


@router.get("", response=list[AlikeListed], summary="List policies in many accounts")
def list_alike_policies(request: HttpRequest) -> Any:
    """List the policies of others that more than one account has, with their states."""
    return [group_item(one) for one in with_first(groups(at_least=2))]


def group_item(group: Group) -> dict[str, Any]:
    one = group.one
    states = {word.replace(" ", "_"): count for word, count in group.states}
    says = {"role": one.role, "policy": one.policy, "effects": one.effects}
    return {"alike": one.alike, "accounts": group.total, **states, **says}


@router.get("/{alike}", response=SamePolicies, summary="Read a policy in many accounts")
def read_alike_policies(request: ApiRequest, alike: Alike) -> dict[str, Any]:
    """Read what it does, in which accounts it is, and what may be decided where."""
    policies = list(ForeignPolicy.objects.alike(alike))
    if not policies:
        raise Problem(Code.NOT_FOUND, NONE)
    return {
        "one": policies[0],
        "policies": policies,
        "to_ask": chosen(deciding.to_ask(alike, request.user)),
        "to_accept": [
            {
                **chosen(asked.choice),
                "read": asked.one.asked_alike,
                "asked_by": asked.one.asked_by_name,
                "reason": asked.one.reason,
                "until": asked.one.until,
            }
            for asked in deciding.to_accept(alike, request.user)
        ],
        "to_end": chosen(deciding.to_end(alike, request.user)),
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


operation(
    router,
    "/{alike}/ask",
    deciding.ask_alike,
    "ask_for_alike_policies",
    "Ask to accept a policy in many accounts",
    {200: DecidedAlike},
    says="Ask to let those of these stay until a day that no one asks about yet.",
    find=alike_named,
    body=AskAlike,
    answer=decided,
)
operation(
    router,
    "/{alike}/accept",
    deciding.accept_alike,
    "accept_alike_policies",
    "Accept a policy in many accounts",
    {200: DecidedAlike},
    says="Accept those of these as requested, each as if it were decided alone.",
    find=alike_named,
    body=AcceptAlike,
    answer=decided,
)
operation(
    router,
    "/{alike}/end",
    deciding.end_alike,
    "end_alike_policies",
    "End the acceptance of a policy in many accounts",
    {200: DecidedAlike},
    says="Let those of these that are accepted count as not approved from now on.",
    find=alike_named,
    body=EndAlike,
    answer=decided,
)
