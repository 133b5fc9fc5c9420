"""The accounts as Spinnaker will know them: what every bundle format is made from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from onboarding.topology import Permissions

if TYPE_CHECKING:
    from onboarding.topology import Managed, Managing, Topology


@dataclass(frozen=True, slots=True)
class AwsEntry:
    """An account of Spinnaker's `aws` provider: EC2, with Lambda as a flag."""

    name: str
    account_id: str
    environment: str
    regions: tuple[str, ...]
    assume_role: str
    """`role/NAME` in partition aws, the whole ARN elsewhere."""
    external_id: str
    permissions: Permissions
    key_pair: str = ""
    lambda_enabled: bool = False
    launch_templates: bool = False
    cloudformation: bool = False


@dataclass(frozen=True, slots=True)
class EcsEntry:
    """An account of the `ecs` provider, which points at an `aws` account."""

    name: str
    aws_account: str


@dataclass(frozen=True, slots=True)
class KubernetesEntry:
    """An account of the `kubernetes` provider: one EKS cluster."""

    name: str
    environment: str
    permissions: Permissions
    cluster: str
    cluster_arn: str
    region: str
    endpoint: str
    certificate_authority: str
    """Base64, as EKS gives it."""
    namespaces: tuple[str, ...] = ()
    principal: str = ""
    """The identity that reaches the cluster: Spinnaker's own."""
    by_access_entry: bool = True
    """False: the cluster's owner adds the printed `aws-auth` entry."""
    access_policy: str = ""
    """What the access entry allows, by EKS's own name."""


Entry = AwsEntry | EcsEntry | KubernetesEntry


@dataclass(frozen=True, slots=True)
class Entries:
    """All accounts of an installation, each list in the topology's order."""

    aws: tuple[AwsEntry, ...] = ()
    ecs: tuple[EcsEntry, ...] = ()
    kubernetes: tuple[KubernetesEntry, ...] = ()
    bake_account: str = ""
    base_role: str = "BaseIAMRole"
    managed_role: str = field(default="spinnakerManaged")


def aws_entry(
    managing: Managing,
    managed: Managed,
    *,
    key_pair: str = "",
    lambda_enabled: bool = False,
    launch_templates: bool = False,
    cloudformation: bool = False,
) -> AwsEntry:
    """Describe the account's one `aws` entry; `entries` merges what each one says."""
    arn = managing.managed_role_arn(managed.account_id)
    short = f"role/{managing.managed_role}"
    return AwsEntry(
        name=managed.name,
        account_id=managed.account_id,
        environment=managed.environment,
        regions=managed.regions,
        assume_role=short if managing.partition == "aws" else arn,
        external_id=managed.external_id,
        permissions=managed.permissions,
        key_pair=key_pair,
        lambda_enabled=lambda_enabled,
        launch_templates=launch_templates,
        cloudformation=cloudformation,
    )


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
        for provider in managed.providers:
            for entry in provider.entries(managing, managed):
                match entry:
                    case AwsEntry():
                        aws[entry.name] = merged(aws.get(entry.name, entry), entry)
                    case EcsEntry():
                        ecs.append(entry)
                    case cluster:
                        kubernetes.append(cluster)
    return Entries(
        aws=tuple(aws.values()),
        ecs=tuple(ecs),
        kubernetes=tuple(kubernetes),
        bake_account=bake_account(topology, tuple(aws)),
        base_role=managing.base_role,
        managed_role=managing.managed_role,
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
