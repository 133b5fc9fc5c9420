from __future__ import annotations

from typing import Any

import pytest

from onboarding.aws.trust import Caller, admits
from onboarding.resources.policy import Policy

IDENTITY = "arn:aws:iam::911111111111:role/SpinnakerAuthRole"
REQUIRED = {"StringEquals": {"sts:ExternalId": "3f1c"}}


def trust(**fields: Any) -> Policy:
    plain = {"Principal": {"AWS": IDENTITY}, "Action": "sts:AssumeRole"}
    return Policy.allowing({**plain, **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Principal": {"AWS": ["911111111111", "922222222222"]}},
        {"Principal": {"AWS": "arn:aws:iam::911111111111:root"}},
        {"Principal": "*"},
        {"Action": "sts:*"},
        {"Action": ["sts:TagSession", "sts:AssumeRole"]},
        {"Condition": REQUIRED},
        {"Condition": {"StringLike": {"aws:PrincipalArn": f"{IDENTITY[:-4]}*"}}},
    ],
)
def test_it_admits_whom_the_trust_names(fields: dict[str, Any]) -> None:
    assert admits(trust(**fields), Caller(IDENTITY, "3f1c")) is True


@pytest.mark.parametrize(
    "fields",
    [
        {"Principal": {"AWS": "arn:aws:iam::911111111111:role/Other"}},
        {"Principal": {"AWS": "933333333333"}},
        {"Principal": {"Service": "ec2.amazonaws.com"}},
        {"Principal": {"AWS": "AROAJQABLZS4A3QDU576Q"}},
        {"Action": "sts:TagSession"},
        {"Condition": {"StringEquals": {"sts:ExternalId": "other"}}},
        {"Effect": "Deny"},
    ],
)
def test_it_shuts_out_whom_the_trust_does_not_name(fields: dict[str, Any]) -> None:
    assert admits(trust(**fields), Caller(IDENTITY, "3f1c")) is False


def test_a_missing_external_id_does_not_meet_the_condition() -> None:
    assert admits(trust(Condition=REQUIRED), Caller(IDENTITY, "")) is False


def test_a_deny_wins() -> None:
    everybody = {"Principal": "*", "Action": "sts:AssumeRole"}
    policy = Policy.of(
        {
            "Statement": [
                {**everybody, "Effect": "Allow"},
                {**everybody, "Effect": "Deny"},
            ]
        }
    )

    assert admits(policy, Caller(IDENTITY, "")) is False


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
        {"StringNotEquals": {"sts:ExternalId": "other"}},
    ],
)
def test_it_says_when_it_cannot_tell(condition: dict[str, Any]) -> None:
    assert admits(trust(Condition=condition), Caller(IDENTITY, "3f1c")) is None


def test_it_does_not_judge_negations() -> None:
    statement = {"NotPrincipal": {"AWS": "933333333333"}, "Action": "sts:AssumeRole"}

    assert admits(Policy.allowing(statement), Caller(IDENTITY, "")) is None
