from __future__ import annotations

import pytest

from onboarding.aws.client import Asker, parsed
from onboarding.aws.errors import AwsError
from tests.onboarding.aws.field import Field, failing

NO_ROLE = {"RoleName": "nobody"}


@pytest.fixture
def asker(field: Field) -> Asker:
    return Asker.entering(field.sessions(), field.reach)


def test_a_refusal_names_what_was_tried_and_the_action(asker: Asker) -> None:
    failing(asker.iam, "GetRole", "AccessDenied", "No", times=1)

    with pytest.raises(AwsError, match="could not read role nobody in account") as told:
        asker.ask(asker.iam.get_role, "read role nobody", **NO_ROLE)

    assert told.value.operation == "iam:GetRole"
    assert told.value.account == asker.account_id


def test_an_operation_that_data_names_is_called_by_iams_name(asker: Asker) -> None:
    operation = asker.operation("elbv2", "describe_load_balancers", "us-west-2")
    failing(asker.client("elbv2", "us-west-2"), "*", "AccessDenied", "No", times=1)

    with pytest.raises(AwsError) as told:
        asker.ask_all(operation, "list load balancers")

    assert told.value.operation == "elasticloadbalancing:DescribeLoadBalancers"


def test_what_is_not_there_is_none_to_find_and_an_error_to_ask(asker: Asker) -> None:
    assert asker.find(asker.iam.get_role, "read role nobody", **NO_ROLE) is None

    with pytest.raises(AwsError, match="NoSuchEntity"):
        asker.ask(asker.iam.get_role, "read role nobody", **NO_ROLE)


def test_what_may_not_be_read_is_not_absent(asker: Asker) -> None:
    failing(asker.iam, "GetRole", "AccessDenied", "No", times=1)

    with pytest.raises(AwsError, match="AWS refused iam:GetRole"):
        asker.find(asker.iam.get_role, "read role nobody", **NO_ROLE)


def test_all_pages_are_one_answer(asker: Asker, field: Field) -> None:
    ecs = field.root(field.managed_id, "ecs")
    for number in range(3):
        ecs.create_cluster(clusterName=f"paged-{number}")
    listing = asker.operation("ecs", "list_clusters", "us-east-1")

    found = asker.ask_all(listing, "list clusters", maxResults=1)["clusterArns"]

    assert len([arn for arn in found if "paged-" in arn]) == 3


def test_an_operation_without_pages_is_called_once(asker: Asker) -> None:
    answer = asker.ask_all(asker.sts.get_caller_identity, "ask who it is")

    assert answer["Account"] == asker.account_id


def test_a_document_that_nobody_parsed_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="boto3 parses"):
        parsed('{"Statement": []}')
