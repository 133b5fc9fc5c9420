"""What deploying CloudFormation stacks needs, a detail of EC2: off unless asked for."""

from __future__ import annotations

from collections.abc import Iterator

from onboarding.checks import Call, Check, allow
from onboarding.grants import Access, Grant
from onboarding.providers.roles import pass_roles
from onboarding.topology import Managed, Managing

READS = Grant(
    "StacksShow",
    Access.READ,
    "CloudFormation",
    (
        "cloudformation:DescribeChangeSet",
        "cloudformation:DescribeStackEvents",
        "cloudformation:DescribeStacks",
        "cloudformation:ListChangeSets",
        "cloudformation:ListStacks",
        "cloudformation:ValidateTemplate",
    ),
)
"""Clouddriver swallows what is denied: the account's stacks would just be missing."""

CREATED_BY = ["CreateChangeSet", "CreateStack", "UpdateStack"]


def stack_writes(
    managing: Managing, managed: Managed, *, roles_path: str
) -> Iterator[Grant]:
    """Yield what deploying stacks changes, with a service role under the path only.

    Without a service role CloudFormation would make whatever a template says with
    Spinnaker's own rights. Deletion asks for none, so that no stack is stuck.
    """
    account = managed.account_id
    stacks = (managing.arn("cloudformation", account, "stack/*/*", "*"),)
    service_roles = managing.arn("iam", account, f"role{roles_path}*")
    yield Grant(
        "StacksWithRole",
        Access.WRITE,
        "CloudFormation",
        tuple(f"cloudformation:{verb}" for verb in CREATED_BY),
        stacks,
        {"ArnLike": {"cloudformation:RoleArn": service_roles}},
    )
    yield Grant(
        "Stacks",
        Access.WRITE,
        "CloudFormation",
        (
            "cloudformation:DeleteChangeSet",
            "cloudformation:DeleteStack",
            "cloudformation:ExecuteChangeSet",
        ),
        stacks,
    )
    yield Grant(
        "TagStacks",
        Access.WRITE,
        "CloudFormation",
        ("cloudformation:TagResource",),
        stacks,
        {"StringEquals": {"cloudformation:CreateAction": CREATED_BY}},
    )
    yield pass_roles(
        managing,
        managed,
        to="CloudFormation",
        service="cloudformation",
        roles=(f"{roles_path}*",),
    )


def stack_checks(managed: Managed) -> Iterator[Check]:
    for region in managed.regions_of_all:
        yield Check(
            f"List stacks in {region}",
            Call("cloudformation", "describe_stacks", region),
            allow("cloudformation:DescribeStacks and cloudformation:ListStacks"),
        )
