"""Roles as AWS answers them, whether they were read or have just been created."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from onboarding.aws.client import parsed
from onboarding.resources.kinds import OWNER, OWNER_TAG, Role
from onboarding.resources.policy import Policy

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import RoleTypeDef, TagTypeDef

TOOLS = {"terraform": "Terraform", "opentofu": "OpenTofu", "pulumi": "Pulumi"}
"""People and modules tag with these names; the tools keep no list that AWS knows."""


def role_of(account_id: str, found: RoleTypeDef) -> Role:
    owned = is_owned(found.get("Tags", []))
    trust = parsed(found["AssumeRolePolicyDocument"])
    return Role(
        account=account_id,
        name=found["RoleName"],
        trust=Policy.of(trust) if owned else Policy.read(trust),
        path=found["Path"],
        boundary=found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
        owned=owned,
        other_tag=other_tag(found.get("Tags", []), any_case=True),
        tool=tool_of(found.get("Tags", [])),
    )


def tool_of(tags: Iterable[TagTypeDef]) -> str:
    """Name the tool that manages what has these tags; empty: none that is known."""
    for tag in tags:
        if tag["Key"].startswith("aws:"):
            continue
        for word, tool in TOOLS.items():
            if word in f"{tag['Key']} {tag['Value']}".casefold():
                return f"{tool}, as its tag “{tag['Key']}” says"
    return ""


def other_tag(tags: Iterable[TagTypeDef], *, any_case: bool = False) -> str:
    """Return what others wrote into the tag that Bowline uses, as key=value; to IAM, a
    role's keys are the same in any case.
    """
    for tag in tags:
        key = tag["Key"].lower() if any_case else tag["Key"]
        if key == OWNER_TAG and not is_owned([tag]):
            return f"{tag['Key']}={tag['Value']}"
    return ""


def is_owned(tags: Iterable[TagTypeDef]) -> bool:
    return {"Key": OWNER_TAG, "Value": OWNER} in list(tags)
