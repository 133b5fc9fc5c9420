"""The strict AWS is in trouble now and then."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from onboarding.aws import session
from onboarding.aws.errors import NotAnAnswer
from tests.onboarding.aws.field import Field, trusting
from tests.strict_aws.conftest import Strictly
from tests.strict_aws.test_delays import code
from tests.strict_aws.trouble import (
    ConcurrentModification,
    EgressProxy,
    LostAnswers,
    Throttling,
)


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("service", "operation", "said"),
    [
        ("autoscaling", "describe_auto_scaling_groups", "Throttling"),
        ("cloudwatch", "describe_alarms", "ThrottlingException"),
        ("ec2", "describe_vpcs", "RequestLimitExceeded"),
        ("ecs", "list_clusters", "ThrottlingException"),
        ("eks", "list_clusters", "ThrottlingException"),
        ("iam", "list_roles", "Throttling"),
        ("lambda", "list_functions", "TooManyRequestsException"),
    ],
)
def test_each_protocol_says_in_its_own_words_that_it_is_busy(
    field: Field, strictly: Strictly, service: str, operation: str, said: str
) -> None:
    strictly(Throttling(1.0))
    call = getattr(through_key(field, service), operation)

    assert code(call) == said


def through_key(field: Field, service: str) -> Any:
    """Give a client of the account's root through the proxy."""
    return field.sessions().client_with(
        session.Credentials(field.managed_id, "any"), service
    )


def test_the_same_seed_throttles_the_same_calls(
    field: Field, strictly: Strictly
) -> None:
    statuses = []
    for seed in (1, 1, 2):
        aws = strictly(Throttling(0.5), seed=seed)
        iam = through_key(field, "iam")
        for _ in range(10):
            try:
                iam.list_roles()
            except ClientError:
                continue
        statuses.append([line.rsplit(" ")[-1] for line in aws.log])

    assert statuses[0] == statuses[1] != statuses[2]
    assert {"200", "400"} == {*statuses[0]}


def test_an_answer_is_lost_after_the_write_was_done(
    field: Field, strictly: Strictly
) -> None:
    aws = strictly(LostAnswers())
    iam = through_key(field, "iam")
    wanted = {"RoleName": "R", "AssumeRolePolicyDocument": trusting(field.bowline)}

    refused = code(iam.create_role, **wanted)

    # boto3 itself asks again after the lost answer, and hears of its own role.
    assert refused == "EntityAlreadyExists"
    assert [line.split()[-1] for line in aws.log] == ["500", "409"]
    assert field.iam.get_role(RoleName="R")["Role"]


def test_two_changes_at_once_are_refused_and_nothing_is_done(
    field: Field, strictly: Strictly
) -> None:
    strictly(ConcurrentModification(1.0))
    iam = through_key(field, "iam")
    wanted = {"RoleName": "R", "AssumeRolePolicyDocument": trusting(field.bowline)}

    assert code(iam.create_role, **wanted) == "ConcurrentModification"
    assert code(field.iam.get_role, RoleName="R") == "NoSuchEntity"


def test_an_egress_proxy_answers_what_is_no_answer_of_aws(
    field: Field, strictly: Strictly
) -> None:
    strictly(EgressProxy())
    iam = through_key(field, "iam")

    with pytest.raises(NotAnAnswer):
        iam.list_roles()
