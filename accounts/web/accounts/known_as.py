"""A managed account as people read it: its names in Spinnaker, what it is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from accounts.wording import listed
from onboarding.desired.managed import grants
from onboarding.grants import Access, Grant
from onboarding.partitions import Arn
from onboarding.providers.base import providers_of
from onboarding.providers.entry_kinds import AwsEntry
from onboarding.spinnaker.entries import entries
from onboarding.topology import Managed, Managing, Topology


class Known(NamedTuple):
    """One account of Spinnaker's."""

    name: str
    provider: str
    """The key whose logo it carries."""
    kind: str
    about: str


class ProviderPermissions(NamedTuple):
    """What the managed role can do for one provider."""

    title: str
    reads: str
    changes: str
    hands_over: tuple[str, ...]
    """Roles, each with the service that may be given it."""


def known_as(topology: Topology) -> Iterator[Known]:
    """Yield the accounts that Spinnaker will know these accounts as, so far."""
    found = entries(topology)
    accounts = {managed.account_id: managed for managed in topology.managed}
    for aws in found.aws:
        titles = listed([*titles_in_aws(topology.managing, accounts[aws.account_id])])
        kind = f"AWS account with {titles}" if titles else "AWS account"
        yield Known(aws.name, "ec2", kind, aws.assume_role)
    for ecs in found.ecs:
        yield Known(ecs.name, "ecs", "ECS account", f"uses {ecs.aws_account}")
    for cluster in found.kubernetes:
        yield Known(
            cluster.name,
            "eks",
            "Kubernetes account",
            f"cluster {cluster.cluster} in {cluster.region}",
        )


def titles_in_aws(managing: Managing, managed: Managed) -> Iterator[str]:
    """Name the providers that Spinnaker knows by the account's AWS entry alone."""
    for provider in providers_of(managed):
        known = provider.entries(managing, managed)
        if known and all(isinstance(entry, AwsEntry) for entry in known):
            yield provider.title


def allowed(topology: Topology) -> tuple[ProviderPermissions, ...]:
    """Say in words what the managed role of the topology's one account may do, by
    provider.
    """
    (managed,) = topology.managed
    by_title = grants(topology.managing, managed)
    return tuple(
        ProviderPermissions(
            title=title,
            reads=capabilities(granted, Access.READ),
            changes=capabilities(granted, Access.WRITE),
            hands_over=tuple(hand_overs(granted)),
        )
        for title, granted in by_title.items()
        if granted
    )


def capabilities(granted: tuple[Grant, ...], access: Access) -> str:
    words = (grant.capability for grant in granted if grant.access is access)
    return ", ".join(dict.fromkeys(words))


def hand_overs(granted: tuple[Grant, ...]) -> Iterator[str]:
    for grant in granted:
        if grant.access is Access.PASS_ROLE and grant.condition:
            service = grant.condition["StringEquals"]["iam:PassedToService"]
            roles = [Arn.of(arn).resource for arn in grant.resources]
            yield f"{' and '.join(roles)} to {service}"
