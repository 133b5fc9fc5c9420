"""Bodies for tests, made from entries as everywhere."""

from __future__ import annotations

from typing import Any

from onboarding.delivery.bodies import Body, bodies
from onboarding.providers.entry_kinds import AwsEntry, EcsEntry, KubernetesEntry
from onboarding.spinnaker.entries import Entries
from onboarding.topology import Permissions


def aws_entry(name: str = "prod", **fields: Any) -> AwsEntry:
    plain = {
        "account_id": "012345678901",
        "environment": "",
        "regions": ("eu-west-1", "us-east-1"),
        "assume_role": "role/spinnakerManaged",
        "external_id": "",
        "permissions": Permissions(("Team",), ("Team",)),
    }
    return AwsEntry(name=name, **{**plain, **fields})


def ecs_entry(aws_account: str = "prod", **fields: Any) -> EcsEntry:
    return EcsEntry(**{"name": f"{aws_account}-ecs", **fields}, aws_account=aws_account)


def cluster_entry(name: str = "eks-prod", **fields: Any) -> KubernetesEntry:
    plain = {
        "environment": "",
        "permissions": Permissions(),
        "cluster": "apps",
        "region": "eu-west-1",
        "endpoint": "https://apps.eks.amazonaws.com",
        "certificate_authority": "QUJD",
        "principal": "arn:aws:iam::911111111111:role/SpinnakerAuthRole",
    }
    return KubernetesEntry(name=name, **{**plain, **fields})


def wanted(*entries: AwsEntry | EcsEntry | KubernetesEntry) -> tuple[Body, ...]:
    return bodies(
        Entries(
            aws=tuple(e for e in entries if isinstance(e, AwsEntry)),
            ecs=tuple(e for e in entries if isinstance(e, EcsEntry)),
            kubernetes=tuple(e for e in entries if isinstance(e, KubernetesEntry)),
        )
    )


def everything(**fields: Any) -> tuple[Body, ...]:
    """Want an AWS account of these fields, its ECS account and a cluster."""
    return wanted(aws_entry(**fields), ecs_entry(), cluster_entry())


def foreign(name: str, **fields: object) -> dict[str, object]:
    """Write an account as somebody else stored it."""
    return {"type": "aws", "name": name, "accountId": "999999999999", **fields}
