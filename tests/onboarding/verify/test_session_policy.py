from __future__ import annotations

import json

import pytest

from onboarding.checks import Call, Check
from onboarding.desired.managed import checks
from onboarding.providers import PROVIDERS
from onboarding.verify import session_policy as module
from onboarding.verify.session_policy import (
    SESSION_POLICY_LIMIT,
    identity_session_policy,
    managed_session_policy,
)
from tests.factories import managed, managing, provider


def check(service: str, operation: str) -> Check:
    return Check("Look", Call(service, operation), "Allow it.")


def test_it_allows_the_calls_and_nothing_else() -> None:
    policy = managed_session_policy(
        [check("ec2", "describe_vpcs"), check("elbv2", "describe_rules")]
    )

    (statement,) = json.loads(policy)["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": ["ec2:DescribeVpcs", "elasticloadbalancing:DescribeRules"],
        "Resource": "*",
    }


def test_without_checks_there_is_no_policy() -> None:
    assert managed_session_policy([]) == ""


def test_it_widens_to_reading_where_it_grows_too_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "SESSION_POLICY_LIMIT", 10)

    policy = managed_session_policy([check("ec2", "describe_vpcs")])

    (statement,) = json.loads(policy)["Statement"]
    assert statement["Action"] == ["ec2:Describe*", "ec2:Get*", "ec2:List*"]


def test_every_provider_together_fits_exactly() -> None:
    account = managed(*(provider(key) for key in PROVIDERS), external_id="")
    read = [c for _, c in checks(managing(), account) if c.as_managed_role]

    policy = managed_session_policy(read)

    assert len(policy) <= SESSION_POLICY_LIMIT
    assert "*" not in json.loads(policy)["Statement"][0]["Action"]


def test_the_identity_may_take_the_next_step() -> None:
    policy = identity_session_policy(managing(), [check("ec2", "describe_regions")])

    statements = json.loads(policy)["Statement"]
    assert {"arn:aws:iam::*:role/spinnakerManaged", "*"} == {
        statement["Resource"] for statement in statements
    }
