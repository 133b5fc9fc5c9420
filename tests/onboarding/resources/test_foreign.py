"""What a policy of others lets a role do, in words, and where it is the same."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.resources.foreign import Foreign
from onboarding.resources.kinds import Attachment, InlinePolicy
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
            [{**ALLOW, "Action": ["s3:GetBucketTagging", "s3:ListBucket"]}],
            ["Allows s3:GetBucketTagging, s3:ListBucket."],
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


ONE, OTHER = "111111111111", "222222222222"

SAYS = Policy.allowing({"Action": "s3:*", "Resource": "*"})


def found_in(account: str, document: Policy | None = SAYS, **fields: Any) -> Foreign:
    given = {
        "holder": f"base-{account}",
        "policy_arn": f"arn:aws:iam::{account}:policy/agents-{account}",
    }
    return Foreign(Attachment(account=account, **given | fields), document)


def test_it_is_alike_where_only_the_accounts_own_number_differs() -> None:
    assert found_in(ONE).alike == found_in(OTHER).alike
    assert found_in(ONE).digest != found_in(OTHER).digest


@pytest.mark.parametrize(
    "other",
    [
        found_in(OTHER, Policy.allowing({"Action": "s3:*", "Resource": "arn:*"})),
        found_in(OTHER, policy_arn=f"arn:aws:iam::{ONE}:policy/agents-{ONE}"),
        found_in(OTHER, policy_arn=f"arn:aws-cn:iam::{OTHER}:policy/agents-{OTHER}"),
        found_in(OTHER, policy_arn=f"arn:aws:iam::{OTHER}:policy/a/agents-{OTHER}"),
        found_in(OTHER, holder="base"),
        found_in(OTHER, None),
    ],
)
def test_another_document_role_path_or_owner_is_another_policy(other: Foreign) -> None:
    assert found_in(ONE).alike != other.alike


def test_what_nobody_could_read_is_like_no_other() -> None:
    assert found_in(ONE, None).alike != found_in(OTHER, None).alike
