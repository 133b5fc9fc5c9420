from __future__ import annotations

import pytest

from onboarding.aws.client import AccountClient, parsed
from onboarding.aws.errors import AwsError
from tests.onboarding.aws.field import Field, failing

NO_ROLE = {"RoleName": "nobody"}


@pytest.fixture
def client(field: Field) -> AccountClient:
    return AccountClient.of(field.sessions(), field.reach)


def test_a_refusal_names_what_was_tried_and_the_action(client: AccountClient) -> None:
    failing(client.iam, "GetRole", "AccessDenied", "No", times=1)

    with pytest.raises(AwsError, match="could not read role nobody in account") as told:
        client.call(client.iam.get_role, "read role nobody", **NO_ROLE)

    assert told.value.operation == "iam:GetRole"
    assert told.value.account == client.account_id


def test_an_operation_that_data_names_is_called_by_iams_name(
    client: AccountClient,
) -> None:
    operation = client.operation("elbv2", "describe_load_balancers", "us-west-2")
    failing(
        client.service_client("elbv2", "us-west-2"), "*", "AccessDenied", "No", times=1
    )

    with pytest.raises(AwsError) as told:
        client.call_all(operation, "list load balancers")

    assert told.value.operation == "elasticloadbalancing:DescribeLoadBalancers"


def test_what_is_not_there_is_none_to_find_and_an_error_to_call(
    client: AccountClient,
) -> None:
    assert client.find(client.iam.get_role, "read role nobody", **NO_ROLE) is None

    with pytest.raises(AwsError, match="NoSuchEntity"):
        client.call(client.iam.get_role, "read role nobody", **NO_ROLE)


def test_what_may_not_be_read_is_not_absent(client: AccountClient) -> None:
    failing(client.iam, "GetRole", "AccessDenied", "No", times=1)

    with pytest.raises(AwsError, match="AWS refused iam:GetRole"):
        client.find(client.iam.get_role, "read role nobody", **NO_ROLE)


def test_all_pages_are_one_answer(client: AccountClient, field: Field) -> None:
    ecs = field.root(field.managed_id, "ecs")
    for number in range(3):
        ecs.create_cluster(clusterName=f"paged-{number}")
    listing = client.operation("ecs", "list_clusters", "us-east-1")

    found = client.call_all(listing, "list clusters", maxResults=1)["clusterArns"]

    assert len([arn for arn in found if "paged-" in arn]) == 3


def test_an_operation_without_pages_is_called_once(client: AccountClient) -> None:
    answer = client.call_all(client.sts.get_caller_identity, "ask who it is")

    assert answer["Account"] == client.account_id


def test_a_document_that_nobody_parsed_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="boto3 parses"):
        parsed('{"Statement": []}')
