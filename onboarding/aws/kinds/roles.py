"""Roles as AWS answers them, whether they were read or have just been created."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from onboarding.aws.client import parsed
from onboarding.resources.kinds import OWNER, OWNER_TAG, Role
from onboarding.resources.policy import Policy

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import RoleTypeDef, TagTypeDef


def role_of(account_id: str, found: RoleTypeDef) -> Role:
    return Role(
        account=account_id,
        name=found["RoleName"],
        trust=Policy.of(parsed(found["AssumeRolePolicyDocument"])),
        path=found["Path"],
        boundary=found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
        owned=is_owned(found.get("Tags", [])),
    )


def is_owned(tags: Iterable[TagTypeDef]) -> bool:
    return {"Key": OWNER_TAG, "Value": OWNER} in list(tags)
