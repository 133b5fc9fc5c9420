"""How EKS is asked for an access entry, and for the scope of its policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onboarding.resources.kinds import ClusterAccess

if TYPE_CHECKING:
    from mypy_boto3_eks.type_defs import (
        AccessScopeTypeDef,
        DescribeAccessEntryRequestTypeDef,
    )


def entry(access: ClusterAccess) -> DescribeAccessEntryRequestTypeDef:
    return {"clusterName": access.cluster, "principalArn": access.principal}


def scope(access: ClusterAccess) -> AccessScopeTypeDef:
    if not access.namespaces:
        return {"type": "cluster"}
    return {"type": "namespace", "namespaces": list(access.namespaces)}
