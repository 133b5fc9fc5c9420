"""Roles that could be passed to a service before, and can't after."""

from __future__ import annotations

from functools import partial

import pytest

from accounts.runs.foreign.evidence import no_longer_passed
from onboarding.aws.roles.passed import Passable
from onboarding.resources.policy import Policy
from tests.growth import steps_of

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
ON_OTHERS = Policy.allowing(
    {"Action": "iam:PassRole", "NotResource": "arn:aws:iam::*:role/t/*"}
)
IN_CAPITALS = Policy.allowing({"Action": "IAM:PASSROLE", "Resource": "*ROLE/both"})
POWER_USER = Policy.allowing({"NotAction": "iam:*", "Resource": "*"})


@pytest.mark.parametrize(
    ("gone", "left", "names"),
    [
        ([ALL], [], ["/t/web", "/both"]),
        ([ALL], [TO_EC2], ["/both"]),  # to Lambda no longer
        ([TO_EC2], [POWER_USER], ["/t/web", "/both"]),
        ([TO_EC2], [ALL], []),
        ([ALL], [ON_OTHERS], ["/t/web"]),
        ([ALL], [IN_CAPITALS], ["/t/web", "/both"]),
        ([TO_EC2, ALL], [ON_OTHERS, TO_EC2], []),
        ([POWER_USER], [], []),  # it never allowed it
        ([], [], []),
    ],
)
def test_a_role_counts_where_it_could_be_passed_before(
    gone: list[Policy], left: list[Policy], names: list[str]
) -> None:
    assert no_longer_passed([WEB, BOTH], gone, left) == names


def test_roles_and_patterns_are_not_compared_one_by_one() -> None:
    def compared(size: int) -> list[str]:
        arn = "arn:aws:iam::111111111111:role/"
        roles = [Passable(f"{arn}{n:04}", f"{n}", (EC2, LAMBDA)) for n in range(size)]
        names = [f"{arn}*{n}*x" for n in range(1_000, 1_000 + size)]
        left = Policy.allowing({"Action": "iam:PassRole", "Resource": names})
        return no_longer_passed(roles, [ALL], [left])

    once, twice = (steps_of(partial(compared, size)) for size in (60, 120))

    assert len(compared(60)) == 60
    assert twice < 2.2 * once
