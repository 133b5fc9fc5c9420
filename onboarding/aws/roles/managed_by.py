"""What else manages a role and would put back what Bowline changes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from onboarding.aws.client import AccountClient, together
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.resources.kinds import Role
from onboarding.topology import Reach

IN_NO_STACK = "ValidationError"
"""CloudFormation's answer for a resource that is in none of the Region's stacks."""


def managed_by(
    sessions: Sessions, reach: Reach, role: Role, regions: Iterable[str]
) -> str:
    """Name what manages the role; empty: nothing that is known. Raise AwsError.

    A role of a stack has no tag of CloudFormation's (issue 277 of its coverage
    roadmap), and a stack of any Region may have made it: one call for each Region.
    """
    client = AccountClient.of(sessions, reach)
    asked = list(regions)
    stacks = together(partial(found, client, role.name, region) for region in asked)
    for stack, region in zip(stacks, asked, strict=True):
        if isinstance(stack, str) and stack:
            return f"the CloudFormation stack {stack} in {region}"
    for error in stacks:
        if isinstance(error, AwsError):
            raise error
    return role.tool


def found(client: AccountClient, role: str, region: str) -> str | AwsError:
    """Ask in one Region: what AWS refuses there hides no stack of another one."""
    try:
        return stack_of(client, role, region)
    except AwsError as error:
        return error


def stack_of(client: AccountClient, role: str, region: str) -> str:
    """Return the stack's name; empty: it is in none, or the stack gave it up.

    AWS answers with the stack's first 100 resources, of which the role may be none.
    """
    stacks = client.service_client("cloudformation", region)
    try:
        found = client.call(
            stacks.describe_stack_resources,
            f"ask which CloudFormation stack in {region} manages role {role}",
            PhysicalResourceId=role,
        )
    except AwsError as error:
        if error.code == IN_NO_STACK:
            return ""
        raise
    resources = found["StackResources"]
    named = [one for one in resources if one.get("PhysicalResourceId") == role]
    if resources and (not named or any(map(is_kept, named))):
        return str(resources[0]["StackName"])
    return ""


def is_kept(resource: Mapping[str, Any]) -> bool:
    """Return whether the stack still has it, and it is a role."""
    is_role = resource["ResourceType"] == "AWS::IAM::Role"
    return is_role and not resource["ResourceStatus"].startswith("DELETE_")
