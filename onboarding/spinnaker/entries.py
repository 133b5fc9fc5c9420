"""The accounts as Spinnaker will know them: what every bundle format is made from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from onboarding.names import REPLACED_RULE, BadName, replaced
from onboarding.providers.base import providers_of
from onboarding.providers.entry_kinds import AwsEntry, EcsEntry, Entry, KubernetesEntry
from onboarding.providers.external_id import denied
from onboarding.topology import BASE_ROLE, MANAGED_ROLE, OtherName, Topology


class WouldBeMisread(ValueError):
    """What Spinnaker would take for something else; the message names it."""


@dataclass(frozen=True, slots=True)
class Entries:
    """All accounts of an installation, each list in the topology's order."""

    aws: tuple[AwsEntry, ...] = ()
    ecs: tuple[EcsEntry, ...] = ()
    kubernetes: tuple[KubernetesEntry, ...] = ()
    bake_account: str = ""
    base_role: str = BASE_ROLE
    managed_role: str = MANAGED_ROLE
    emptied: tuple[str, ...] = ()
    """Providers of which earlier bundles had accounts, and this one has none."""


def entries(topology: Topology) -> Entries:
    """List every entry, the managing account's own first: Halyard makes the first
    `aws` account its primary one, which bakes and which Deck proposes.
    """
    managing = topology.managing
    aws: dict[str, AwsEntry] = {}
    ecs: list[EcsEntry] = []
    kubernetes: list[KubernetesEntry] = []
    ordered = sorted(
        topology.managed, key=lambda m: m.account_id != managing.account_id
    )
    for managed in ordered:
        for provider in providers_of(managed):
            for entry in provider.entries(managing, managed):
                match entry:
                    case AwsEntry():
                        aws[entry.name] = merged(aws.get(entry.name, entry), entry)
                    case EcsEntry():
                        ecs.append(entry)
                    case cluster:
                        kubernetes.append(cluster)
        if managed.name in aws:
            for other in managed.other_names:
                aws[other.name] = by_other_name(aws[managed.name], other)
    return Entries(
        aws=tuple(aws.values()),
        ecs=tuple(ecs),
        kubernetes=tuple(kubernetes),
        bake_account=bake_account(topology, tuple(aws)),
        base_role=managing.base_role,
        managed_role=managing.managed_role,
    )


def refuse_misread(known: Entries) -> None:
    """Raise WouldBeMisread for a text that Spinnaker would not read as itself, and for
    an ECS account without the external ID that its role requires.
    """
    ecs = {entry.name: entry.aws_account for entry in known.ecs}
    external_ids = {entry.name: entry.external_id for entry in known.aws}
    for name, why in denied(ecs, external_ids):
        raise WouldBeMisread(f"{name}: {why}")
    every: tuple[Entry, ...] = (*known.aws, *known.ecs, *known.kubernetes)
    for entry in every:
        for text in replaced(entry):
            raise WouldBeMisread(f"{entry.name}: {BadName(text, REPLACED_RULE)}")


def by_other_name(entry: AwsEntry, other: OtherName) -> AwsEntry:
    return replace(
        entry,
        name=other.name,
        regions=other.regions,
        permissions=other.permissions,
        carried=other.carried,
    )


def merged(one: AwsEntry, other: AwsEntry) -> AwsEntry:
    return replace(
        one,
        key_pair=one.key_pair or other.key_pair,
        lambda_enabled=one.lambda_enabled or other.lambda_enabled,
        launch_templates=one.launch_templates or other.launch_templates,
        cloudformation=one.cloudformation or other.cloudformation,
    )


def bake_account(topology: Topology, names: tuple[str, ...]) -> str:
    """Name the `aws` entry that owns baked images; empty where none does."""
    managing = topology.managing
    owners = [m.name for m in topology.managed if managing.owns_images(m)]
    return next((name for name in owners if name in names), "")
