"""What a policy of others lets a role do, in words."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.resources.foreign import Foreign
from onboarding.resources.kinds import InlinePolicy
from onboarding.resources.policy import Policy

DENY = {"Effect": "Deny", "Resource": "*"}
ALLOW = {"Effect": "Allow", "Resource": "arn:aws:s3:::b/*"}
TAGGED = {"Condition": {"Null": {"aws:RequestTag/team": "true"}}}


def effects(*statements: dict[str, Any]) -> tuple[str, ...]:
    document = Policy.of({"Version": "2012-10-17", "Statement": list(statements)})
    one = InlinePolicy(account="1" * 12, role="R", policy="P", document=document)
    return Foreign(one, document).effects


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (
            [{**ALLOW, "Action": ["s3:GetObject", "s3:ListBucket"]}],
            ["Allows s3:GetObject, s3:ListBucket."],
        ),
        ([{**DENY, "Action": "ec2:RunInstances"}], ["Denies ec2:RunInstances."]),
        (
            [{**DENY, "Action": "ec2:RunInstances", **TAGGED}],
            ["Denies ec2:RunInstances, under conditions."],
        ),
        (
            [{**DENY, "NotAction": ["iam:*", "sts:*"]}],
            ["Denies everything except iam:*, sts:*."],
        ),
        (
            [{**ALLOW, "Action": "iam:*"}, {**DENY, "Action": "iam:CreateUser"}],
            ["Allows actions by a pattern: iam:*.", "Denies iam:CreateUser."],
        ),
        (
            [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
            ["Allows every action on every resource."],
        ),
        (
            [{**ALLOW, "Action": [f"s3:Get{letter}" for letter in "ABCDE"]}],
            ["Allows s3:GetA, s3:GetB, s3:GetC and 2 more."],
        ),
    ],
)
def test_what_it_allows_and_denies_is_said(
    statements: list[dict[str, Any]], said: list[str]
) -> None:
    assert list(effects(*statements)) == said
