"""The accounts in the words of hal's config, which knows no other keys."""

from __future__ import annotations

from typing import Any

from onboarding.providers.entry_kinds import AwsEntry, EcsEntry, KubernetesEntry
from onboarding.spinnaker.bundle.formats.spring import permissions, said


def aws_account(entry: AwsEntry) -> dict[str, Any]:
    return said(
        {
            "name": entry.name,
            "environment": entry.environment,
            "permissions": permissions(entry.permissions),
            "accountId": entry.account_id,
            "regions": [{"name": region} for region in entry.regions],
            "assumeRole": entry.assume_role,
            "externalId": entry.external_id,
            "defaultKeyPair": entry.key_pair,
            "lambdaEnabled": entry.lambda_enabled,
        }
    )


def ecs_account(entry: EcsEntry) -> dict[str, Any]:
    return {"name": entry.name, "awsAccount": entry.aws_account}


def kubernetes_account(entry: KubernetesEntry) -> dict[str, Any]:
    """Describe a cluster; its kubeconfig's path is relative to the bundle."""
    return said(
        {
            "name": entry.name,
            "environment": entry.environment,
            "permissions": permissions(entry.permissions),
            "context": entry.name,
            "namespaces": list(entry.namespaces),
            "kubeconfigFile": f"kubernetes/{entry.name}/kubeconfig.yml",
        }
    )
