"""The KMS keys that encrypt baked images: who may use them, and by which grants.

Auto Scaling launches instances as a role of AWS's own in the launching account. That
role may use no key of a person's unless a grant on the key names it. The launching
account makes the grant, and the policy of the key must let it:
https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from onboarding.grants import Access, Grant
from onboarding.partitions import PARTITIONS, Arn, UnknownRegion, arn
from onboarding.providers.base import providers_of
from onboarding.resources.kinds import KeyGrant, ServiceLinkedRole
from onboarding.topology import Managed, Managing

PACKER_USES = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
LAUNCHING = (
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
)
"""What AWS documents that Auto Scaling needs of a key to launch from its images."""

GRANTING = ("kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant")
"""What the policy of the key must allow to the account that makes the grant."""


def not_at_home(key: str, partition: str, account: str) -> str:
    """Say what is wrong with a key of another account or partition; else nothing."""
    found = Arn.of(key)
    if found.partition != partition or found.account != account:
        return (
            f"{key} belongs to account {found.account} in {found.partition}. Bowline "
            "makes grants on keys of the managing account only: give that account's "
            "key, with which images are encrypted when they are baked."
        )
    if found.region not in PARTITIONS[partition].regions:
        return str(UnknownRegion(found.region, PARTITIONS[partition]))
    return ""


def misplaced_key(managing: Managing) -> str:
    """Say what is wrong with the first such key of an installation; else nothing."""
    said = (
        not_at_home(key, managing.partition, managing.account_id)
        for key in managing.image_keys
    )
    return next(filter(None, said), "")


def packer_grants(managing: Managing) -> Iterator[Grant]:
    """Yield what encrypting images with keys of one's own needs, through EC2 only."""
    if not managing.image_keys:
        return
    suffixes = sorted({"amazonaws.com", managing.aws.dns_suffix})
    through = {"kms:ViaService": [f"ec2.*.{suffix}" for suffix in suffixes]}
    yield Grant(
        "ImageKeys",
        Access.WRITE,
        "encrypted images",
        PACKER_USES,
        managing.image_keys,
        {"StringLike": through},
    )
    yield Grant(
        "GrantImageKeys",
        Access.WRITE,
        "encrypted images",
        ("kms:CreateGrant",),
        managing.image_keys,
        {"Bool": {"kms:GrantIsForAWSResource": True}, "StringLike": through},
    )


def key_grants(managing: Managing, managed: Managed) -> Iterator[KeyGrant]:
    """Yield the grants by which that account may launch from encrypted images.

    They are on the managing account's keys, of the regions that the account works in.
    The account makes them itself, once it has its service-linked role for Auto Scaling.
    """
    if not launches(managing, managed):
        return
    for key in managing.image_keys:
        region = Arn.of(key).region
        if region in managed.regions_of_all:
            yield KeyGrant(
                account=managed.account_id,
                region=region,
                key_arn=key,
                grantee=scaling_role(managing, managed),
                operations=LAUNCHING,
                reason=(
                    f"Lets Auto Scaling in {managed.name} launch from images that "
                    "this key encrypts."
                ),
            )


def scaling_role(managing: Managing, managed: Managed) -> str:
    """Return the ARN of AWS's own role for Auto Scaling in the account."""
    service = managing.aws.service_principal("autoscaling")
    role = f"role/aws-service-role/{service}/AWSServiceRoleForAutoScaling"
    return managing.arn("iam", managed.account_id, role)


def launches(managing: Managing, managed: Managed) -> bool:
    """Return whether Auto Scaling's own role is made for any of its providers."""
    service = managing.aws.service_principal("autoscaling")
    return any(
        isinstance(resource, ServiceLinkedRole) and resource.name == service
        for provider in providers_of(managed)
        for resource in provider.resources(managing, managed)
    )


def key_policy_statements(grant: KeyGrant) -> list[dict[str, Any]]:
    """Return what the policy of the key must hold, so that the account can make it.

    The first is what AWS documents next to CreateGrant, for the account's own use.
    """
    account = grant.account
    root = arn(Arn.of(grant.key_arn).partition, "iam", account, "root")
    whole = {"Effect": "Allow", "Principal": {"AWS": root}, "Resource": "*"}
    uses = ["Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey*", "ReEncrypt*"]
    create, *rest = GRANTING
    return [
        {"Sid": f"Use{account}", **whole, "Action": [f"kms:{use}" for use in uses]},
        {
            "Sid": f"Grant{account}",
            **whole,
            "Action": create,
            "Condition": {"StringEquals": {"kms:GranteePrincipal": grant.grantee}},
        },
        {"Sid": f"Revoke{account}", **whole, "Action": rest},
    ]


def launches_with(grant: KeyGrant) -> str:
    """Say whose grant it is, and what that is for."""
    return (
        f"account {grant.account}, whose Auto Scaling launches from images that this "
        "key encrypts"
    )


def key_policy_need(grant: KeyGrant) -> str:
    """Say what the policy of the key must allow, and to whom."""
    return (
        f"The policy of the key {grant.key_arn} must allow {', '.join(GRANTING)} to "
        f"{launches_with(grant)}."
    )


def key_policy_to_do(grant: KeyGrant) -> str:
    """Say who adds the statements, and where."""
    return (
        f"As account {grant.key_owner}, add these statements to the policy of the key "
        f"{grant.key_arn}"
    )


def key_policy_hint(grant: KeyGrant) -> str:
    """Say what the owner of the key does, so that the account can make the grant."""
    statements = json.dumps(key_policy_statements(grant))
    return f"{key_policy_to_do(grant)}: {statements}. Then try again."
