"""What exists in a managed account: the managed role, its policies, the base role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onboarding.checks import Check
from onboarding.desired.capacity import packed
from onboarding.grants import Access, Grant
from onboarding.providers.base import providers_of
from onboarding.providers.caching import CACHING_READS, caching_checks
from onboarding.resources.kinds import (
    MANAGED_PATH,
    Attachment,
    InlinePolicy,
    InstanceProfile,
    ManagedPolicy,
    Resource,
    Role,
)
from onboarding.resources.policy import Policy
from onboarding.topology import Managed, Managing

PASS_ROLE = "BowlinePassRole"
CACHING = "caching"


def managed_side(managing: Managing, managed: Managed) -> Iterator[Resource]:
    if managed.in_aws_provider:
        yield managed_role(managing, managed)
        yield from permissions(managing, managed)
        yield from base_role(managing, managed)
    # Two providers may want the same, like one role for both.
    wanted = (r for p in providers_of(managed) for r in p.resources(managing, managed))
    yield from dict.fromkeys(wanted)


def managed_role(managing: Managing, managed: Managed) -> Role:
    """Describe the role that Spinnaker's identity assumes, and nobody else.

    Clouddriver's own parser wants Statement a list, Action a string and Principal
    an object; Policy writes them so.
    """
    asked = {}
    reason = f"Spinnaker deploys to {managed.name} through this role."
    if managed.external_id:
        accepted = [managed.external_id, managed.former_external_id]
        asked["sts:ExternalId"] = [value for value in accepted if value]
        reason += " It can be assumed only with the account's external ID."
    if managed.former_external_id:
        reason += " The previous one is accepted, too, until Spinnaker has the new one."
    if managing.trust_organization:
        asked["aws:PrincipalOrgID"] = [managing.trust_organization]
        reason += " The caller must belong to the organization."
    trusted = {
        "Principal": {"AWS": managing.identity_arn},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": asked} if asked else {},
    }
    role = managing.role_of(managed)
    return Role(
        account=managed.account_id,
        name=role.name,
        path=role.path,
        trust=Policy.allowing(trusted, *trusted_services(managing, managed)),
        boundary=managing.boundary_in(managed.account_id),
        reason=reason,
    )


def trusted_services(managing: Managing, managed: Managed) -> Iterator[dict[str, Any]]:
    """Yield a statement for each service that becomes the role within the account."""
    here = {"StringEquals": {"aws:SourceAccount": managed.account_id}}
    services = (s for p in providers_of(managed) for s in p.trusted_services())
    for service in dict.fromkeys(services):
        principal = managing.aws.service_principal(service)
        yield {
            "Principal": {"Service": principal},
            "Action": "sts:AssumeRole",
            "Condition": here,
        }


def grants(managing: Managing, managed: Managed) -> dict[str, tuple[Grant, ...]]:
    """List what the managed role is allowed, by the title of what it is for."""
    by_title: dict[str, tuple[Grant, ...]] = {}
    if managed.in_aws_provider:
        by_title["Caching"] = CACHING_READS
    for provider in providers_of(managed):
        by_title[provider.title] = provider.grants(managing, managed)
    return by_title


def checks(managing: Managing, managed: Managed) -> Iterator[tuple[str, Check]]:
    """Yield every check of the account, with the key of what it is about."""
    if managed.in_aws_provider:
        for check in caching_checks(managed):
            yield CACHING, check
    for provider in providers_of(managed):
        for check in provider.checks(managing, managed):
            yield provider.key, check


def permissions(managing: Managing, managed: Managed) -> Iterator[Resource]:
    """Yield a policy for each provider's reads and writes, and one for PassRole."""
    pass_role: list[Grant] = []
    topics: dict[str, list[Grant]] = {}
    reasons: dict[str, str] = {}
    for title, granted in grants(managing, managed).items():
        pass_role += [grant for grant in granted if grant.access is Access.PASS_ROLE]
        for access in (Access.READ, Access.WRITE):
            name = f"Bowline{title}{access.title()}"
            topics[name] = [grant for grant in granted if grant.access is access]
            reasons[name] = REASONS[access].format(title=title)
    reasons["BowlineCachingRead"] = CACHING_REASON
    documents = packed(topics)
    for name, document in documents.items():
        yield ManagedPolicy(
            account=managed.account_id,
            name=name,
            path=MANAGED_PATH,
            document=document,
            reason=reasons[name.split("-")[0]],
        )
    for name in documents:
        yield attachment(managing, managed, name)
    if pass_role:
        yield InlinePolicy(
            account=managed.account_id,
            role=managing.role_of(managed).name,
            policy=PASS_ROLE,
            document=Policy.allowing(*(grant.statement for grant in pass_role)),
            reason="Allows Spinnaker to pass only these roles to only these services.",
        )


REASONS = {
    Access.READ: "What Spinnaker reads from {title} to show and plan deployments.",
    Access.WRITE: "What Spinnaker changes when it deploys with {title}.",
}
CACHING_REASON = "What Spinnaker reads in every AWS account for its cache."


def attachment(managing: Managing, managed: Managed, policy: str) -> Attachment:
    path = f"policy{MANAGED_PATH}{policy}"
    return Attachment(
        account=managed.account_id,
        holder=managing.role_of(managed).name,
        policy_arn=managing.arn("iam", managed.account_id, path),
        reason=f"Gives {policy} to the managed role.",
    )


def base_role(managing: Managing, managed: Managed) -> Iterator[Resource]:
    """Yield the role of launched instances, and the profile of the same name.

    Clouddriver passes the role's name as the profile's, so both must carry it.
    """
    ec2 = managing.aws.service_principal("ec2")
    yield Role(
        account=managed.account_id,
        name=managing.base_role,
        trust=Policy.allowing(
            {"Principal": {"Service": ec2}, "Action": "sts:AssumeRole"}
        ),
        boundary=managing.boundary_in(managed.account_id),
        reason="The default role of the instances that Spinnaker launches.",
    )
    yield InstanceProfile(
        account=managed.account_id,
        name=managing.base_role,
        role=managing.base_role,
        reason="Spinnaker names this profile, not the role, when it launches.",
    )
