from __future__ import annotations

import jmespath
import pytest

from onboarding.providers.roles import ROLE_LIST, pass_roles
from tests.factories import managed, managing

ALLOW = {"Effect": "Allow", "Action": "sts:AssumeRole"}


def readable(*statements):
    documents = [{"AssumeRolePolicyDocument": {"Statement": s}} for s in statements]
    return jmespath.search(ROLE_LIST.expects, {"Roles": documents})


@pytest.mark.parametrize(
    "statements",
    [
        [],
        [[{**ALLOW, "Principal": {"Service": "ec2.amazonaws.com"}}]],
        [[{**ALLOW, "Principal": {"AWS": "*"}}]],
    ],
)
def test_clouddriver_reads_principals_that_are_objects(statements):
    assert readable(*statements) is True


@pytest.mark.parametrize(
    "statement",
    [
        [{**ALLOW, "Principal": "*"}],
        {**ALLOW, "Principal": {"Service": "ec2.amazonaws.com"}},
    ],
)
def test_one_trust_that_clouddriver_cannot_read_is_noticed(statement):
    fine = [{**ALLOW, "Principal": {"AWS": "911111111111"}}]

    assert readable(fine, statement) is False


def test_an_unreadable_trust_is_advice_since_it_is_not_ours():
    assert ROLE_LIST.advice


@pytest.mark.parametrize(
    ("partition", "service", "principal"),
    [
        ("aws", "ec2", "ec2.amazonaws.com"),
        ("aws-cn", "ec2", "ec2.amazonaws.com.cn"),
        ("aws-cn", "ecs-tasks", "ecs-tasks.amazonaws.com"),
    ],
)
def test_roles_are_handed_to_one_service_only(partition, service, principal):
    grant = pass_roles(
        managing(partition=partition),
        managed(),
        to="It",
        service=service,
        roles=("/a/*", "/b"),
    )

    assert grant.condition == {"StringEquals": {"iam:PassedToService": principal}}
    assert grant.resources == (
        f"arn:{partition}:iam::922222222222:role/a/*",
        f"arn:{partition}:iam::922222222222:role/b",
    )
