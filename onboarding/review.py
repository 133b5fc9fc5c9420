"""What a security reviewer reads of an account: who gets in, what is allowed, why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from onboarding.evidence import Evidence, Side, evidence
from onboarding.managed_side import grants, managed_role
from onboarding.managing_side import REGION_LOOKUP, bake_grants
from onboarding.providers.base import Grant
from onboarding.topology import Managed, Managing

POWER_USER_ACTIONS = 20_192
"""What PowerUserAccess allows, counted in AWS's service authorization reference: all
but IAM, Organizations and Account, and three of IAM's. A test counts again.
"""


@dataclass(frozen=True, slots=True)
class Allowed:
    """One action, on what, on which condition; why, and where it is called."""

    action: str
    resources: tuple[str, ...]
    condition: dict[str, Any]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Capability:
    """What a person can do in Spinnaker, and the actions that it takes."""

    title: str
    access: str
    allowed: tuple[Allowed, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """A provider, or what every account needs, by capability."""

    title: str
    capabilities: tuple[Capability, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """A role as its reviewer reads it."""

    role_arn: str
    trust: tuple[dict[str, Any], ...]
    """Who may become the role, under which conditions: its trust's statements."""
    boundary: str
    topics: tuple[Topic, ...]
    warnings: tuple[str, ...]

    @property
    def actions(self) -> frozenset[str]:
        return frozenset(
            allowed.action
            for topic in self.topics
            for capability in topic.capabilities
            for allowed in capability.allowed
        )

    @property
    def fewer_than_power_user(self) -> int:
        return POWER_USER_ACTIONS - len(self.actions)


def managed_review(managing: Managing, managed: Managed) -> Review:
    """Describe the managed role; an account of clusters only has none to describe."""
    role = managed_role(managing, managed)
    keys = {provider.title: provider.key for provider in managed.providers}
    return Review(
        role_arn=managing.managed_role_arn(managed.account_id),
        trust=tuple(role.trust.document["Statement"]),
        boundary=role.boundary,
        topics=tuple(
            Topic(
                title, tuple(capabilities(Side.MANAGED, keys.get(title, ""), granted))
            )
            for title, granted in grants(managing, managed).items()
            if granted
        ),
        warnings=tuple(
            dict.fromkeys(w for p in managed.providers for w in p.warnings())
        ),
    )


def managing_topics(managing: Managing) -> tuple[Topic, ...]:
    """Describe what Spinnaker's identity may do, beside assuming the managed roles."""
    loading = Topic(
        "Account loading",
        tuple(capabilities(Side.MANAGING, "spinnaker", [REGION_LOOKUP])),
    )
    if not managing.bakes:
        return (loading,)
    baking = tuple(capabilities(Side.MANAGING, "bake", bake_grants(managing)))
    return (loading, Topic("Baking", baking))


def capabilities(
    side: Side, provider: str, granted: Iterable[Grant]
) -> Iterator[Capability]:
    """Yield the grants by capability and access, in the order in which they come."""
    by_capability: dict[tuple[str, str], list[Grant]] = {}
    for grant in granted:
        by_capability.setdefault((grant.capability, grant.access), []).append(grant)
    for (title, access), grants_ in by_capability.items():
        yield Capability(
            title,
            access,
            tuple(
                Allowed(
                    action=action,
                    resources=grant.resources,
                    condition=dict(grant.condition or {}),
                    evidence=evidence(side, provider, action),
                )
                for grant in grants_
                for action in grant.actions
            ),
        )
