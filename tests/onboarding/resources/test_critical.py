"""Which policies make an administrator of a role that may be passed."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.resources.policy import Policy
from onboarding.resources.risks import is_critical

ACCOUNT = "1" * 12
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
TO_EC2 = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}


def allow(*actions: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    named = {} if "NotAction" in more else {"Action": list(actions)}
    return {"Effect": "Allow", "Resource": resource, **named, **more}


@pytest.mark.parametrize(
    "statement",
    [
        allow("*"),
        allow("*", Condition=MFA),
        allow(NotAction="iam:*"),
        allow(NotAction="iam:*", Condition=MFA),
        allow("iam:*"),
        allow("IAM:put*"),
        allow("iam:PassRole"),
        allow("iam:CreatePolicyVersion", resource=f"arn:aws:iam::{ACCOUNT}:policy/*"),
        allow("iam:AttachUserPolicy", resource="arn:*:iam::*:user/*"),
        {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::ours"},
    ],
)
def test_it_may_do_everything_or_give_itself_more(statement: dict[str, Any]) -> None:
    assert is_critical(Policy.of({"Statement": statement}), ACCOUNT)


@pytest.mark.parametrize(
    "statement",
    [
        {**allow("*"), "Effect": "Deny"},
        allow("s3:*", "ec2:*", "iam:Get*", "sts:AssumeRole"),
        allow("*", resource="arn:aws:s3:::ours/*"),
        allow(NotAction="s3:DeleteBucket", resource="arn:aws:s3:::ours"),
        allow("iam:PassRole", resource=f"arn:aws:iam::{ACCOUNT}:role/web"),
        allow("iam:PassRole", Condition=TO_EC2),
        allow("iam:PutRolePolicy", resource=f"arn:aws:iam::{ACCOUNT}:role/teams/*"),
    ],
)
def test_what_is_less_is_the_owners(statement: dict[str, Any]) -> None:
    assert not is_critical(Policy.of({"Statement": statement}), ACCOUNT)
