"""How conditions are compared: by IAM's documented rules, and None where unsure."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.verify.conditions.comparisons import Beginning
from onboarding.verify.policy_evaluation import RequestContext, speaks

CONTEXT = {
    "aws:currenttime": "2026-12-01T12:00:00Z",
    "aws:epochtime": "1796126400",
    "aws:principalaccount": "922222222222",
    "aws:principalorgpaths": Beginning("o-a1b2/"),
    "aws:principaltag/*": None,
    "aws:principaltag/team": "core",
    "aws:username": None,
    "ec2:minutes": "7",
}


def met(operator: str, key: str, value: Any, **fields: Any) -> bool | None:
    statement = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {operator: {key: value}},
        **fields,
    }
    asked = RequestContext("ec2:RunInstances", "arn:aws:ec2:x:1:instance/i", CONTEXT)
    return speaks(statement, asked)


@pytest.mark.parametrize(
    ("operator", "key", "value", "expected"),
    [
        ("DateGreaterThan", "aws:CurrentTime", "2026-12-01T11:59:59Z", True),
        ("DateGreaterThan", "aws:CurrentTime", "2026-12-01T12:00:00Z", False),
        ("DateGreaterThanEquals", "aws:CurrentTime", "2026-12-01", True),
        ("DateLessThan", "aws:CurrentTime", "2026-12-01T14:00:00+01:00", True),
        ("DateLessThan", "aws:EpochTime", "2026-12-02T00:00:00Z", True),
        ("DateNotEquals", "aws:CurrentTime", "2026-12-01T12:00:00Z", False),
        ("DateLessThan", "aws:CurrentTime", "tomorrow", None),
        ("NumericLessThan", "ec2:Minutes", ["5", 8], True),
        ("NumericGreaterThanEquals", "ec2:Minutes", "7.5", False),
        ("NumericNotEquals", "ec2:Minutes", "7", False),
        ("NumericEquals", "ec2:Minutes", "nan", None),
        ("NumericLessThanIfExists", "ec2:Other", "1", None),
        ("StringEqualsIgnoreCase", "aws:PrincipalTag/team", "CORE", True),
        ("StringNotEqualsIgnoreCase", "aws:PrincipalTag/team", "CORE", False),
        ("Bool", "aws:PrincipalTag/other", "false", False),
        ("BoolIfExists", "aws:PrincipalTag/other", "false", True),
        ("BinaryEquals", "aws:PrincipalTag/team", "Y29yZQ==", None),
        ("IpAddress", "aws:SourceIp", "192.0.2.0/24", None),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-a1b2/*", True),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-*", True),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-a1b2/r-1/*", None),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-zzzz/*", False),
        ("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", "o-a1b2/r-1/", None),
        ("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", "o-zzzz/r-1/", False),
        ("StringEquals", "iam:PassedToService", "ec2.amazonaws.com", False),
        ("StringNotEquals", "iam:PassedToService", "ec2.amazonaws.com", True),
        ("StringEquals", "ec2:InstanceType", "t3.micro", None),
        ("StringEquals", "aws:PrincipalTag/team", "${aws:PrincipalTag/team}", True),
        ("StringEquals", "aws:PrincipalTag/team", "${aws:username}", False),
        ("StringNotEquals", "aws:PrincipalTag/team", "${aws:username}", True),
        ("StringEquals", "aws:PrincipalTag/team", "${aws:username, 'core'}", True),
        ("StringEquals", "aws:PrincipalTag/team", "${aws:SourceIp}", None),
        ("StringEquals", "aws:PrincipalTag/team", "${*}", None),
        ("StringLike", "aws:PrincipalTag/team", "${aws:PrincipalOrgPaths}*", None),
    ],
)
def test_a_condition_is_met(
    operator: str, key: str, value: Any, expected: bool | None
) -> None:
    assert met(operator, key, value) is expected


@pytest.mark.parametrize(
    ("part", "pattern", "expected"),
    [
        ("Resource", "arn:aws:ec2:x:1:${aws:PrincipalTag/kind}/*", False),
        ("Resource", "arn:aws:ec2:x:1:${aws:SourceIp}/*", None),
        ("Resource", "arn:aws:ec2:y:1:${aws:SourceIp}/*", False),
        ("NotResource", "arn:aws:ec2:x:1:${aws:SourceIp}/*", None),
        ("NotResource", "arn:aws:ec2:*:${aws:PrincipalAccount}:*", True),
    ],
)
def test_a_variable_in_a_resource_decides(
    part: str, pattern: str, expected: bool | None
) -> None:
    statement = {"Effect": "Deny", "Action": "*", part: pattern}
    asked = RequestContext("ec2:RunInstances", "arn:aws:ec2:x:1:instance/i", CONTEXT)

    assert speaks(statement, asked) is expected


def test_a_role_is_assumed_with_keys_of_other_services() -> None:
    statement = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"iam:ResourceTag/team": "core"}},
    }

    assert speaks(statement, RequestContext("sts:AssumeRole")) is None
    assert speaks(statement, RequestContext("ec2:StopInstances")) is False
