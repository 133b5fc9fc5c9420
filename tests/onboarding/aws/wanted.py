"""What tests of apply want: one of each kind in the managed account."""

from __future__ import annotations

from typing import Any

from onboarding.resources.kinds import (
    MANAGED_PATH,
    Attachment,
    ClusterAccess,
    InlinePolicy,
    InstanceProfile,
    KeyGrant,
    ManagedPolicy,
    OidcProvider,
    Resource,
    Role,
    ServiceLinkedRole,
)
from onboarding.resources.policy import Policy
from tests.onboarding.aws.field import Field

EC2 = {"Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
VIEW, ADMIN = (
    f"arn:aws:eks::aws:cluster-access-policy/AmazonEKS{name}Policy"
    for name in ("View", "ClusterAdmin")
)


def reading(*actions: str) -> Policy:
    return Policy.allowing({"Action": list(actions), "Resource": "*"})


def everything(field: Field) -> tuple[Resource, ...]:
    """One of each kind in the managed account, a thing before what needs it."""
    account = field.managed_id
    return (
        OidcProvider(account=account, name="oidc.example/id/1"),
        Role(account=account, name="Made", trust=Policy.allowing(EC2), reason="“Why”"),
        InstanceProfile(account=account, name="Made", role="Made"),
        ManagedPolicy(
            account=account,
            name="BowlineMade",
            path=MANAGED_PATH,
            document=reading("ec2:DescribeVpcs"),
        ),
        Attachment(
            account=account,
            holder="Made",
            policy_arn=f"arn:aws:iam::{account}:policy{MANAGED_PATH}BowlineMade",
        ),
        InlinePolicy(
            account=account,
            role="Made",
            policy="BowlineIn",
            document=reading("ec2:DescribeTags"),
        ),
        ServiceLinkedRole(account=account, name="ecs.amazonaws.com"),
        access(field),
        key_grant(field),
    )


def key_grant(field: Field, **fields: Any) -> KeyGrant:
    plain = {
        "account": field.managed_id,
        "region": "us-east-1",
        "key_arn": field.key,
        "grantee": "arn:aws:iam::333333333333:role/aws-service-role/Scaling",
        "operations": ("Decrypt", "DescribeKey"),
    }
    return KeyGrant(**{**plain, **fields})


def access(field: Field, **fields: Any) -> ClusterAccess:
    identity = f"arn:aws:iam::{field.managing_id}:role/SpinnakerAuthRole"
    plain = {
        "account": field.managed_id,
        "region": "us-east-1",
        "cluster": "apps",
        "principal": identity,
        "policy_arn": ADMIN,
    }
    return ClusterAccess(**{**plain, **fields})
