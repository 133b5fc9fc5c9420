"""The kinds of account that Spinnaker knows, as values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from onboarding.topology import SESSION_NAME, Managed, Managing, Permissions


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
    session_name: str = SESSION_NAME
    carried: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Fields of Clouddriver that aren't Bowline's; see carried/fields.py."""


@dataclass(frozen=True, slots=True)
class EcsEntry:
    """An account of the `ecs` provider, which points at an `aws` account."""

    name: str
    aws_account: str
    carried: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class KubernetesEntry:
    """An account of the `kubernetes` provider: one EKS cluster."""

    name: str
    environment: str
    permissions: Permissions
    cluster: str
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
    carried: Mapping[str, Any] = field(default_factory=dict, hash=False)


Entry = AwsEntry | EcsEntry | KubernetesEntry


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
    role = managing.role_of(managed)
    return AwsEntry(
        name=managed.name,
        account_id=managed.account_id,
        environment=managed.environment,
        regions=managed.regions,
        assume_role=role.resource if managing.partition == "aws" else role.arn,
        external_id=managed.external_id,
        permissions=managed.permissions,
        key_pair=key_pair,
        lambda_enabled=lambda_enabled,
        launch_templates=launch_templates,
        cloudformation=cloudformation,
        session_name=managed.session_name,
        carried=managed.carried.get("aws", {}),
    )
