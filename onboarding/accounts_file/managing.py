"""The managing account of accounts.yaml."""

from __future__ import annotations

from collections.abc import Callable

import yaml

from onboarding import names
from onboarding.accounts_file.makers import NOT_BOWLINES, managing_maker
from onboarding.accounts_file.reader import Reader
from onboarding.desired.image_keys import misplaced_key
from onboarding.partitions import PARTITIONS, known_region
from onboarding.topology import (
    BASE_ROLE,
    MANAGED_ROLE,
    ExistingIdentity,
    Identity,
    InstanceRole,
    MadeBy,
    Managing,
    PodRole,
    identity_elsewhere,
)

MANAGING_KEYS = [
    "name",
    "account_id",
    "partition",
    "access_role",
    "identity",
    "managed_role",
    "base_role",
    "assume",
    "trust_organization",
    "boundary",
    "bakes",
    "ami_owner",
    "image_keys",
    "trusts_bowline",
    "made_by",
]


def read_managing(reader: Reader, node: yaml.Node) -> tuple[Managing, bool]:
    parts = reader.mapping(node, "managing", MANAGING_KEYS)
    partition = reader.checked(parts, "partition", known_partition) or "aws"
    managing = Managing(
        name=reader.needed(node, parts, "name", names.account_name),
        account_id=reader.needed(node, parts, "account_id", names.account_id),
        identity=read_identity(reader, parts.get("identity"), partition),
        partition=partition,
        managed_role=reader.checked(parts, "managed_role", names.chain_role)
        or MANAGED_ROLE,
        base_role=reader.checked(parts, "base_role", names.role_name) or BASE_ROLE,
        organization=read_assume(reader, parts.get("assume")),
        trust_organization=reader.checked(
            parts, "trust_organization", names.organization
        ),
        boundary=reader.checked(parts, "boundary", names.boundary_arn),
        bakes=reader.truth(parts, "bakes", default=False),
        ami_owner=reader.checked(parts, "ami_owner", names.account_name),
        image_keys=reader.texts(parts, "image_keys", names.kms_key_arn),
        access_role=reader.checked(parts, "access_role", names.role_name),
        made_by=reader.checked(parts, "made_by", managing_maker) or MadeBy.BOWLINE,
    )
    if managing.is_handed_off and "access_role" in parts:
        reader.wrong(parts["access_role"], f"access_role: {NOT_BOWLINES}")
    if wrong := misplaced(managing) or managing.clash or misplaced_key(managing):
        reader.wrong(node, wrong)
    for key in ("ami_owner", "image_keys"):
        if key in parts and not managing.bakes:
            reader.wrong(parts[key], f"{key} counts only with `bakes: true`.")
    return managing, reader.truth(parts, "trusts_bowline", default=True)


def misplaced(managing: Managing) -> str:
    """Say where an existing identity is, if not in this account; else nothing."""
    return identity_elsewhere(
        managing.identity_arn, managing.partition, managing.account_id
    )


ISOLATED = "aws-iso"
"""How the names of the partitions begin that are not connected to the Internet."""


def known_partition(value: str) -> str:
    if value.startswith(ISOLATED):
        raise names.BadName(
            value,
            "Bowline doesn't work in AWS's isolated partitions: it hasn't been tested "
            f"there. The partitions are {', '.join(PARTITIONS)}.",
        )
    if value not in PARTITIONS:
        raise names.BadName(value, f"The partitions are {', '.join(PARTITIONS)}.")
    return value


def read_assume(reader: Reader, node: yaml.Node | None) -> str:
    """Read `listed` as empty, or the organization whose accounts may be assumed."""
    if node is None or (isinstance(node, yaml.ScalarNode) and node.value == "listed"):
        return ""
    if isinstance(node, yaml.ScalarNode):
        reader.wrong(node, "assume is `listed` or {organization: o-a1b2c3d4e5}.")
        return ""
    parts = reader.mapping(node, "assume", ("organization",))
    return reader.needed(node, parts, "organization", names.organization)


def read_identity(reader: Reader, node: yaml.Node | None, partition: str) -> Identity:
    if node is None:
        return InstanceRole()
    kinds = ("instance_role", "pod_role", "existing")
    parts = reader.mapping(node, "identity", kinds)
    if len(parts) != 1:
        reader.wrong(node, f"identity is exactly one of {', '.join(kinds)}.")
        return InstanceRole()
    if "existing" in parts:
        return ExistingIdentity(reader.checked(parts, "existing", names.identity_arn))
    if "instance_role" in parts:
        return InstanceRole(reader.checked(parts, "instance_role", names.role_name))
    if "pod_role" not in parts:
        return InstanceRole()
    node = parts["pod_role"]
    rules: dict[str, Callable[[str], str]] = {
        "name": names.role_name,
        "cluster": names.cluster,
        "region": lambda region: known_region(region, partition),
        "namespace": names.namespace,
        "service_account": names.service_account,
    }
    pod = reader.mapping(node, "pod_role", rules)
    return PodRole(
        **{key: reader.needed(node, pod, key, rule) for key, rule in rules.items()}
    )
