"""Roles that could be passed to a service before, and can't after."""

from __future__ import annotations

import pytest

from accounts.runs.foreign.evidence import no_longer_passed
from onboarding.aws.roles.passable import Passable
from onboarding.resources.policy import Policy

EC2, LAMBDA = "ec2.amazonaws.com", "lambda.amazonaws.com"
WEB = Passable("arn:aws:iam::111111111111:role/t/web", "/t/web", (EC2,))
BOTH = Passable("arn:aws:iam::111111111111:role/both", "/both", (EC2, LAMBDA))
ALL = Policy.allowing({"Action": "iam:*", "Resource": "*"})
TO_EC2 = Policy.allowing(
    {
        "Action": "iam:PassRole",
        "Resource": "arn:aws:iam::111111111111:role/*",
        "Condition": {"StringEquals": {"iam:PassedToService": EC2}},
    }
)
POWER_USER = Policy.allowing({"NotAction": "iam:*", "Resource": "*"})


@pytest.mark.parametrize(
    ("gone", "left", "names"),
    [
        ([ALL], [], ["/t/web", "/both"]),
        ([ALL], [TO_EC2], ["/both"]),  # to Lambda no longer
        ([TO_EC2], [POWER_USER], ["/t/web", "/both"]),
        ([TO_EC2], [ALL], []),
        ([POWER_USER], [], []),  # it never allowed it
        ([], [], []),
    ],
)
def test_a_role_counts_where_it_could_be_passed_before(
    gone: list[Policy], left: list[Policy], names: list[str]
) -> None:
    assert no_longer_passed([WEB, BOTH], gone, left) == names
