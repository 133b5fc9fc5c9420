"""Service-linked roles: AWS's own, one a service, each at a path of its service's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from onboarding.aws.client import AccountClient
from onboarding.aws.errors import AwsError
from onboarding.resources.kinds import ServiceLinkedRole

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import RoleTypeDef

TAKEN = ("EntityAlreadyExists", "ResourceInUseException")
SERVICE_LINKED = "/aws-service-role/"
TAKEN_NAME = re.compile(r"ole(?: with)? name (\S+) (?:has been taken|already exists)")
"""How IAM names the role that exists."""


def linked_role(account_id: str, found: RoleTypeDef) -> ServiceLinkedRole:
    """Return what AWS answers. It is AWS's, so never owned and never deleted."""
    service = found["Path"].removeprefix(SERVICE_LINKED).rstrip("/")
    return ServiceLinkedRole(account=account_id, name=service, owned=False)


def is_taken(error: AwsError) -> bool:
    """Return whether AWS says that it already exists: a service-linked role or else."""
    role = error.code == "InvalidInput" and "has been taken" in error.message
    return role or error.code in TAKEN


def settle_service_linked(
    client: AccountClient, linked: ServiceLinkedRole, error: AwsError
) -> None:
    """Be content with the service's own role; raise where another has its name."""
    named = TAKEN_NAME.search(error.message)
    found = named and client.find(
        client.iam.get_role, f"read role {named[1]}", RoleName=named[1]
    )
    if not named or not found:
        raise error.passing(
            f"AWS reports that the service-linked role of {linked.name} exists, but "
            "doesn't show it yet. Plan again in a few minutes."
        )
    path = found["Role"]["Path"]
    if path != f"{SERVICE_LINKED}{linked.name}/":
        raise AwsError(
            client.account_id,
            error.operation,
            f"AWS can't create its own role for {linked.name} in account "
            f"{client.account_id}: the role {named[1]} exists at the path {path}, "
            "which isn't that service's.",
            "AWS's own role needs that name. Have the owner of the role give what uses "
            "it a role of another name, and free this one. Then plan again.",
        )
