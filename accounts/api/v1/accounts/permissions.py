"""What Spinnaker may do in an account, who may assume the role, and why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import Field, Schema

from accounts.api.v1.accounts.describing import router
from accounts.api.v1.foreign.policies import ForeignPolicyListed
from accounts.api.v1.texts import Name
from accounts.http import full_url
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of, managing_row
from accounts.models import ManagedAccount
from accounts.review.as_found import Reading, RoleSaid, Said
from accounts.review.permissions import reviewed
from onboarding.desired import POLICY_SET
from onboarding.review.permissions import Topic


class Allowed(Schema):
    topic: str = Field(description="A provider, or what every account needs")
    capability: str
    access: str = Field(description="read or write")
    action: str
    resources: list[str]
    condition: dict[str, Any]
    reason: str
    sources: list[str] = Field(description="Where Spinnaker or Packer calls it")


class LinkOfChain(Schema):
    title: str
    arn: str
    sentence: str


class OtherRole(Schema):
    arn: str
    reason: str
    trust: str = Field(description="What AWS had of its trust policy, as a sentence")
    policies_of_others: list[str]
    services: list[str]
    policies: list[str]


class TrustFound(Schema):
    sentence: str = Field(description="As the page says it")
    is_as_planned: bool = Field(description="false only where AWS had another one")
    found: list[dict[str, Any]] = Field(
        description="The statements that AWS had, where they aren’t those planned"
    )


class Found(Schema):
    """What AWS had when its roles were last read, in the sentences of the page."""

    sentence: str
    read_at: datetime | None = Field(description="null: nothing was read yet")
    unread: str = Field(description="Why it couldn’t be read since, or empty if it was")
    differs: list[str] = Field(description="What a plan would have changed then")
    policies_of_others: list[ForeignPolicyListed] = Field(
        description="Those first that aren't accepted"
    )
    trust: TrustFound | None = Field(description="null: no such role is planned")
    boundary: str


class RoleFound(Found):
    size: str = Field(description="How many actions, next to PowerUserAccess")
    actions: int = Field(description="As found; as planned where nothing was read")


class PermissionsInFull(Schema):
    page: str = Field(description="Where people read it")
    policy_set: int = Field(description="Which policies this describes")
    has_policy_set: int = Field(description="Which AWS has; 0: none yet")
    verified_at: datetime | None
    is_as_verified: bool = Field(
        description="Whether AWS had exactly this, and nothing of others, when it was "
        "last read, and the account is verified or evaluated"
    )
    found: RoleFound = Field(description="In the account, and of the managed role")
    identity_found: Found = Field(description="In the managing account")
    other_assumers: list[str] = Field(
        description="Who else could assume the managed role when it was last read, the "
        "widest access first"
    )
    chain: list[LinkOfChain] = Field(description="Who may assume what, and how")
    trust: list[dict[str, Any]] = Field(description="Of the managed role")
    boundary: str
    warnings: list[str]
    allowed: list[Allowed] = Field(description="What the managed role can do")
    power_user_by: list[str] = Field(
        description="Providers for which PowerUserAccess is attached, too"
    )
    other_roles: list[OtherRole]
    identity_trust: list[dict[str, Any]] = Field(
        description="Of Spinnaker’s identity, or empty if it existed before Bowline"
    )
    identity_allowed: list[Allowed] = Field(
        description="What the identity can do in addition to assuming the managed roles"
    )


@router.get(
    "/{name}/permissions",
    response=PermissionsInFull,
    summary="Read what Spinnaker can do in an account",
)
def read_permissions(request: HttpRequest, name: Name) -> dict[str, Any]:
    """Read who may assume the managed role, what it may do, and why, as planned; and
    under `found`, what AWS had when it was last read, policies of others included.
    """
    rows = ManagedAccount.objects.prefetch_related("providers")
    row = get_object_or_404(rows, name=name)
    shown = reviewed(managing_of(managing_row()), managed_of(row), row)
    review, reading, size = shown["review"], shown["reading"], shown["size"]
    has_role = bool(shown["chain"].role)
    role = shown["found"] if has_role else None
    found = found_of(reading, shown["verdict"], role)
    if has_role:
        found |= {"size": size.sentence, "actions": size.comparison.granted}
    else:
        found |= {"size": "", "actions": 0}
    return {
        "page": full_url(request, reverse("accounts:permissions", args=[row.pk])),
        "policy_set": POLICY_SET,
        "has_policy_set": row.policy_set,
        "verified_at": row.verified_at,
        "is_as_verified": shown["is_as_verified"],
        "found": found,
        "identity_found": found_of(
            shown["managings"], shown["identity_verdict"], shown["identity_found"]
        ),
        "other_assumers": shown["other_assumers"] if has_role else [],
        "chain": [
            {"title": one.title, "arn": one.arn, "sentence": one.sentence}
            for one in shown["chain"].links
        ],
        "trust": review.trust if has_role else [],
        "boundary": review.boundary if has_role else "",
        "warnings": review.warnings,
        "allowed": list(allowed_by(review.topics)) if has_role else [],
        "power_user_by": review.power_user_by,
        "other_roles": [
            {
                "arn": one.arn,
                "reason": one.reason,
                "services": one.services,
                "policies": one.policies,
                "trust": said.trust.sentence,
                "policies_of_others": said.policies,
            }
            for one, said in shown["other_roles"]
        ],
        "identity_trust": shown["identity_trust"],
        "identity_allowed": list(allowed_by(shown["identity_topics"])),
    }


def found_of(reading: Reading, verdict: Said, role: RoleSaid | None) -> dict[str, Any]:
    trust = role and {
        "sentence": role.trust.sentence,
        "is_as_planned": not role.trust.is_other,
        "found": role.trust.statements,
    }
    return {
        "sentence": verdict.sentence,
        "read_at": reading.read_at,
        "unread": reading.unread,
        "differs": reading.differs,
        "policies_of_others": reading.policies,
        "trust": trust,
        "boundary": role.boundary.sentence if role else "",
    }


def allowed_by(topics: Iterable[Topic]) -> Iterable[dict[str, Any]]:
    for topic in topics:
        for capability in topic.capabilities:
            for one in capability.allowed:
                yield {
                    "topic": topic.title,
                    "capability": capability.title,
                    "access": capability.access,
                    "action": one.action,
                    "resources": one.resources,
                    "condition": one.condition,
                    "reason": one.evidence.reason,
                    "sources": one.evidence.sources,
                }
