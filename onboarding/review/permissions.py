"""What a security reviewer reads: who has access, what is allowed, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from onboarding.desired.managed import grants, managed_role
from onboarding.desired.managing import REGION_LOOKUP, bake_grants, identity
from onboarding.grants import Grant
from onboarding.providers.base import providers_of
from onboarding.providers.roles import power_user
from onboarding.resources.kinds import Attachment, Resource, Role
from onboarding.review.evidence import (
    Evidence,
    EvidenceSide,
    SourcePlace,
    evidence,
)
from onboarding.review.power_user import Comparison, compare_with_power_user
from onboarding.topology import Managed, Managing


@dataclass(frozen=True, slots=True)
class AllowedAction:
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
    allowed: tuple[AllowedAction, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """A provider, or what every account needs, by capability."""

    title: str
    capabilities: tuple[Capability, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """A role as its reviewer reads it."""

    trust: tuple[dict[str, Any], ...]
    """Who may become the role, under which conditions: its trust's statements."""
    boundary: str
    topics: tuple[Topic, ...]
    warnings: tuple[str, ...]
    power_user_by: tuple[str, ...] = ()
    """Titles of the providers for which PowerUserAccess is attached, too."""

    @property
    def actions(self) -> frozenset[str]:
        return frozenset(one.action for one in every_allowed(self.topics))

    @property
    def comparison(self) -> Comparison:
        return compare_with_power_user(self.actions)

    @property
    def lacking(self) -> tuple[AllowedAction, ...]:
        """List what is needed and PowerUserAccess does not allow, each action once."""
        found = {one.action: one for one in every_allowed(self.topics)}
        return tuple(found[action] for action in self.comparison.lacking)


@dataclass(frozen=True, slots=True)
class OtherRole:
    """A role that Bowline makes in the account, for what Spinnaker launches there."""

    arn: str
    reason: str
    services: tuple[str, ...]
    """The AWS services that may become it."""
    policies: tuple[str, ...]
    """ARNs of what is attached to it."""


def managed_review(managing: Managing, managed: Managed) -> Review:
    """Describe the managed role; an account of clusters only has none to describe."""
    role = managed_role(managing, managed)
    providers = providers_of(managed)
    keys = {provider.title: provider.key for provider in providers}
    return Review(
        trust=tuple(role.trust.document["Statement"]),
        boundary=role.boundary,
        topics=tuple(
            Topic(
                title,
                tuple(capabilities(EvidenceSide.MANAGED, keys.get(title, ""), granted)),
            )
            for title, granted in grants(managing, managed).items()
            if granted
        ),
        warnings=tuple(dict.fromkeys(w for p in providers for w in p.warnings())),
        power_user_by=tuple(
            provider.title
            for provider in providers
            if power_user(managing, managed) in provider.resources(managing, managed)
        ),
    )


def other_roles(
    managing: Managing, managed: Managed, resources: Collection[Resource]
) -> tuple[OtherRole, ...]:
    """Describe the other roles of an account, which AWS's services use."""
    attachments = [r for r in resources if isinstance(r, Attachment)]
    managed_name = managing.role_of(managed).name
    return tuple(
        OtherRole(
            arn=managing.arn("iam", role.account, f"role{role.path}{role.name}"),
            reason=role.reason,
            services=tuple(
                statement["Principal"]["Service"]
                for statement in role.trust.document["Statement"]
            ),
            policies=tuple(a.policy_arn for a in attachments if a.holder == role.name),
        )
        for role in resources
        if isinstance(role, Role) and role.name != managed_name
    )


def identity_trust(managing: Managing) -> tuple[dict[str, Any], ...]:
    """Return the statements of the trust; none if the identity existed before."""
    return tuple(
        statement
        for role in identity(managing)
        if isinstance(role, Role)
        for statement in role.trust.document["Statement"]
    )


def managing_topics(managing: Managing) -> tuple[Topic, ...]:
    """Describe what Spinnaker's identity may do besides assuming the managed roles."""
    loading = Topic(
        "Account loading",
        tuple(capabilities(EvidenceSide.MANAGING, "spinnaker", [REGION_LOOKUP])),
    )
    if not managing.bakes:
        return (loading,)
    baking = tuple(capabilities(EvidenceSide.MANAGING, "bake", bake_grants(managing)))
    return (loading, Topic("Baking", baking))


def folders(*topics: Topic) -> dict[str, tuple[SourcePlace, ...]]:
    """Return the files that call what is allowed, by folder, all in order."""
    found: dict[str, set[SourcePlace]] = {}
    for one in every_allowed(topics):
        for place in one.evidence.places:
            if place.folder:
                found.setdefault(place.folder, set()).add(place.whole)
    return {folder: tuple(sorted(found[folder])) for folder in sorted(found)}


def every_allowed(topics: Iterable[Topic]) -> Iterator[AllowedAction]:
    for topic in topics:
        for capability in topic.capabilities:
            yield from capability.allowed


def capabilities(
    side: EvidenceSide, provider: str, granted: Iterable[Grant]
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
                AllowedAction(
                    action=action,
                    resources=grant.resources,
                    condition=dict(grant.condition or {}),
                    evidence=evidence(side, provider, action),
                )
                for grant in grants_
                for action in grant.actions
            ),
        )
