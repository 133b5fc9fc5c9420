"""What others gave to the roles that Bowline vouches for, and what else manages
these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any

from onboarding.aws.client import AccountClient, together
from onboarding.aws.errors import AwsError
from onboarding.aws.kinds import document_of
from onboarding.aws.session import Sessions
from onboarding.partitions import Arn
from onboarding.resources.foreign import Boundary, Foreign
from onboarding.resources.kinds import (
    Attachment,
    InlinePolicy,
    ManagedPolicy,
    Resource,
    Role,
)
from onboarding.resources.policy import Policy
from onboarding.topology import Reach


def foreign(
    sessions: Sessions,
    reach: Reach,
    wanted: Iterable[Resource],
    observed: Iterable[Resource],
    other_side: Iterable[Resource] = (),
) -> tuple[Foreign, ...]:
    """List what was observed on roles and is neither wanted nor Bowline's to delete.

    `other_side`: what the other side wants that is in the same AWS account. Nothing is
    judged by its path: anybody can choose Bowline's.

    Calls: two for each attached policy, of which the second reads a version only once.
    """
    expected, found, theirs = set(wanted), tuple(observed), frozenset(other_side)
    others = [
        one
        for one in found
        if isinstance(one, Attachment | InlinePolicy)
        if one.role and not one.owned and one not in expected
    ]
    if not others:
        return ()
    client = AccountClient.of(sessions, reach)
    made = {role.name for role in found if isinstance(role, Role) and role.owned}
    policies = (
        # What the other side wants there is that side's to correct.
        Foreign(
            one,
            one.document
            if isinstance(one, InlinePolicy)
            else document_at(client, sessions, one.policy_arn),
            removable=one.role in made and one not in theirs,
        )
        for one in others
    )
    left = (policy for policy in policies if not is_wanted(policy, theirs))
    return tuple(sorted(left, key=lambda policy: policy.resource.key))


def is_wanted(policy: Foreign, wanted: Collection[Resource]) -> bool:
    """Return whether it is wanted where it is, and allows no more than is wanted: lists
    of accounts change one after the other.
    """
    if policy.resource not in wanted:
        return False
    name = policy.policy_arn.partition(":policy")[2]
    for one in wanted:
        if isinstance(one, ManagedPolicy) and f"{one.path}{one.name}" == name:
            says = policy.document
            return says is not None and says.atoms() <= one.document.atoms()
    return True


def boundaries(
    sessions: Sessions, reach: Reach, observed: Iterable[Resource]
) -> tuple[Boundary, ...]:
    """Read what limits the roles that were observed, whoever chose it.

    Calls: two for each boundary, of which the second reads a version only once.
    """
    arns = {one.boundary for one in observed if isinstance(one, Role) and one.boundary}
    if not arns:
        return ()
    client = AccountClient.of(sessions, reach)
    return tuple(
        Boundary(arn, document_at(client, sessions, arn)) for arn in sorted(arns)
    )


def document_at(client: AccountClient, sessions: Sessions, arn: str) -> Policy | None:
    """Read what a managed policy says; None: Bowline may not."""
    doing = f"read policy {Arn.of(arn).name}"
    try:
        answer = client.find(client.iam.get_policy, doing, PolicyArn=arn)
        return document_of(client, sessions, answer["Policy"]) if answer else None
    except AwsError as error:
        if error.denied:
            return None
        raise


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
