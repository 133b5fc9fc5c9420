"""What a role has used, compared with what its remaining policies allow."""

from __future__ import annotations

from datetime import UTC, datetime

from onboarding.resources.policy import Policy
from onboarding.review.used import no_longer_allowed

MAY, JUNE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
REMAINING = Policy.allowing(
    {"Action": ["ec2:Describe*", "lambda:InvokeFunction"], "Resource": "*"}
)


def test_what_is_not_allowed_is_listed_the_latest_first() -> None:
    used = {
        "ec2:DescribeInstances": JUNE,
        "EC2:describeimages": JUNE,
        "ec2:RunInstances": MAY,
        "s3:GetObject": JUNE,
        "sns:*": MAY,
        "lambda:*": MAY,
    }

    assert no_longer_allowed(used, [REMAINING]) == [
        ("s3:GetObject", JUNE),
        ("ec2:RunInstances", MAY),
        ("sns:*", MAY),
    ]


def test_a_denial_counts() -> None:
    denied = {"Effect": "Deny", "Action": "ec2:DescribeInstances", "Resource": "*"}
    policies = [REMAINING, Policy.of({"Statement": [denied]})]

    assert no_longer_allowed({"ec2:DescribeInstances": MAY}, policies) == [
        ("ec2:DescribeInstances", MAY)
    ]
