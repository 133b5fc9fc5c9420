"""What else manages a role: a stack of any of the Regions, or a tool by its tag."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from onboarding.aws.client import AccountClient, once
from onboarding.aws.errors import AwsError
from onboarding.aws.kinds import tool_of
from onboarding.aws.roles.foreign import managed_by, stack_of
from onboarding.partitions import PARTITIONS
from onboarding.resources.kinds import Role
from onboarding.resources.policy import Policy
from onboarding.topology import Reach

ROLE = "spinnakerManaged"


def resource(**fields: str) -> Any:
    usual = {
        "LogicalResourceId": "Role",
        "Timestamp": datetime(2026, 6, 1, tzinfo=UTC),
        "StackName": "spinnaker-managed",
        "PhysicalResourceId": ROLE,
        "ResourceType": "AWS::IAM::Role",
        "ResourceStatus": "CREATE_COMPLETE",
    }
    return usual | fields


def asked(answer: list[dict[str, str]] | str) -> str:
    """Ask where CloudFormation answers with these resources, or this error."""
    stacks: Any = boto3.client("cloudformation", "us-east-1")
    stacks.signer = SimpleNamespace(session="")
    operation = "describe_stack_resources"
    with Stubber(stacks) as stubbed:
        if isinstance(answer, str):
            stubbed.add_client_error(operation, answer)
        else:
            about = {"PhysicalResourceId": ROLE}
            stubbed.add_response(operation, {"StackResources": answer}, about)
        client = AccountClient("1" * 12, lambda *_: stacks, once)
        return stack_of(client, ROLE, "us-east-1")


@pytest.mark.parametrize(
    ("resources", "stack"),
    [
        ([resource()], "spinnaker-managed"),
        ([resource(PhysicalResourceId="another"), resource()], "spinnaker-managed"),
        # The answer ends before the role.
        ([resource(PhysicalResourceId="another")], "spinnaker-managed"),
        # The stack left it behind.
        ([resource(ResourceStatus="DELETE_SKIPPED")], ""),
        # Something else has the role's name.
        ([resource(ResourceType="AWS::SQS::Queue")], ""),
        ([], ""),
    ],
)
def test_a_stack_manages_the_roles_that_it_still_has(
    resources: list[dict[str, str]], stack: str
) -> None:
    assert asked(resources) == stack


def answering(**answers: list[dict[str, str]] | str) -> Any:
    """Let CloudFormation answer so in Regions, which are named without dashes."""
    clients: dict[str, Any] = {}
    for name, answer in answers.items():
        region = name.replace("_", "-")
        clients[region] = stacks = boto3.client("cloudformation", region)
        stacks.signer = SimpleNamespace(session="")  # type: ignore[attr-defined]
        stubbed = Stubber(stacks)
        if isinstance(answer, str):
            stubbed.add_client_error("describe_stack_resources", answer)
        else:
            found: Any = {"StackResources": answer}
            stubbed.add_response("describe_stack_resources", found)
        stubbed.activate()
    return SimpleNamespace(
        client=lambda reach, service, region: clients[region],
        patiently=once,
        partition=PARTITIONS["aws"],
    )


FOUND = Role(
    account="1" * 12,
    name=ROLE,
    trust=Policy.of({"Statement": []}),
    tool="Terraform",
    owned=False,
)


def by_region(**answers: list[dict[str, str]] | str) -> str:
    regions = [name.replace("_", "-") for name in answers]
    return managed_by(answering(**answers), Reach("1" * 12), FOUND, regions)


def test_the_stack_of_any_region_is_named_whatever_another_one_refuses() -> None:
    nowhere = "ValidationError"
    stack = "the CloudFormation stack spinnaker-managed in eu-west-1"

    assert by_region(us_east_1=nowhere, eu_west_1=[resource()]) == stack
    assert by_region(us_east_1="AccessDenied", eu_west_1=[resource()]) == stack
    assert by_region(us_east_1=nowhere, eu_west_1=nowhere) == "Terraform"
    with pytest.raises(AwsError):
        by_region(us_east_1=nowhere, eu_west_1="AccessDenied")


def test_no_stack_has_it_where_cloudformation_knows_of_none() -> None:
    assert asked("ValidationError") == ""


def test_it_is_unknown_where_bowline_may_not_ask() -> None:
    with pytest.raises(AwsError) as refused:
        asked("AccessDenied")
    assert refused.value.unread


@pytest.mark.parametrize(
    ("key", "value", "tool"),
    [
        ("ManagedBy", "Terraform", "Terraform, as its tag “ManagedBy” says"),
        ("terraform", "true", "Terraform, as its tag “terraform” says"),
        ("tool", "OpenTofu", "OpenTofu, as its tag “tool” says"),
        ("pulumi:project", "iam", "Pulumi, as its tag “pulumi:project” says"),
        ("team", "platform", ""),
        ("aws:example", "terraform", ""),
    ],
)
def test_a_tag_names_the_tool(key: str, value: str, tool: str) -> None:
    tags = {"a": "b", key: value}.items()

    assert tool_of([{"Key": name, "Value": said} for name, said in tags]) == tool
