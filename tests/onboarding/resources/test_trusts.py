"""Who can assume a role, in words."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.resources.kinds import Key
from onboarding.resources.risks import Topic, risks
from onboarding.resources.trusts import assumers

ROLE = Key("9" * 12, "role", "spinnakerManaged")
SPINNAKER = "arn:aws:iam::911111111111:role/ops/spinnakerManaging"
ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}


def statement(principal: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, **more}


@pytest.mark.parametrize(
    ("given", "who", "anybody"),
    [
        ({"AWS": SPINNAKER}, "Role spinnakerManaging of account 911111111111", False),
        ({"AWS": "911111111111"}, "Whoever account 911111111111 permits can", False),
        ({"Service": "ec2.amazonaws.com"}, "AWS's service ec2.amazonaws.com", False),
        (
            {"Federated": "arn:aws:iam::911111111111:oidc-provider/a"},
            "Whoever arn:aws:iam::911111111111:oidc-provider/a vouches for",
            False,
        ),
        ({"AWS": "AROAEXAMPLE"}, "Somebody who was deleted (AROAEXAMPLE)", False),
        ("*", "Anybody in AWS", True),
        ({"AWS": "*"}, "Anybody in AWS", True),
    ],
)
def test_each_principal_is_named(given: Any, who: str, anybody: bool) -> None:
    (one,) = assumers(statement(given))

    assert one.sentence.startswith(who)
    assert one.anybody is anybody


@pytest.mark.parametrize(
    ("condition", "anybody"),
    [
        (ORGANIZATION, False),
        ({"StringEquals": {"sts:ExternalId": "secret"}}, False),
        (
            {**ORGANIZATION, "StringNotEquals": {"aws:PrincipalOrgID": "o-def"}},
            False,
        ),
        ({"StringLike": {"aws:PrincipalArn": "*"}}, True),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-abc"}}, True),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-abc"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"Null": {"sts:ExternalId": "false"}}, True),
        ({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-abc"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": ["o-abc", "*"]}}, True),
    ],
)
def test_anybody_is_shut_out_by_a_condition_that_a_stranger_does_not_meet(
    condition: dict[str, Any], anybody: bool
) -> None:
    (one,) = assumers(statement("*", Condition=condition))

    assert one.anybody is anybody
    assert ", known by " in one.sentence


def test_what_denies_lets_nobody_in_and_all_but_some_are_anybody() -> None:
    denies = {"Effect": "Deny", "Principal": "*"}
    all_but = {"Effect": "Allow", "NotPrincipal": {"AWS": SPINNAKER}}

    assert list(assumers(denies)) == []
    assert [one.anybody for one in assumers(all_but)] == [True]


def trusted(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"name": "x", "trust": {"Version": "2012-10-17", "Statement": statements}}


def test_a_plan_says_who_can_assume_a_role_and_could_not() -> None:
    known, open_ = statement({"AWS": SPINNAKER}), statement("*")

    new = list(risks(ROLE, None, trusted(known)))
    opened = list(risks(ROLE, trusted(known), trusted(known, open_)))

    assert [(one.topic, one.sentence) for one in new] == [
        (
            Topic.TRUST,
            "Role spinnakerManaging of account 911111111111 can assume it.",
        )
    ]
    assert [(one.topic, one.sentence) for one in opened] == [
        (Topic.EVERYBODY, "Anybody in AWS can assume it.")
    ]
    assert list(risks(ROLE, trusted(known), trusted(known))) == []


def test_a_plan_says_which_roles_spinnaker_may_assume_in_addition() -> None:
    def listing(*accounts: int) -> dict[str, Any]:
        roles = [f"arn:aws:iam::{n:012}:role/spinnakerManaged" for n in accounts]
        one = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles}
        return {"name": "x", "document": {"Statement": [one]}}

    key = Key("9" * 12, "inline policy", "spinnakerManaging/BowlineAssume")

    (told,) = risks(key, listing(1, 2), listing(*range(1, 63)))

    assert told.topic is Topic.REACH
    assert told.sentence.startswith("May also assume 60 roles: arn:aws:iam::0000000000")
    assert told.sentence.endswith("and 57 more.")
    lost, gained = risks(key, listing(1, 2, 3), listing(3, 4))
    (all_of_them,) = risks(key, listing(1, 2), None)
    assert {lost.topic, gained.topic, all_of_them.topic} == {Topic.REACH}
    assert lost.sentence.startswith("May no longer assume 2 roles: arn:aws:iam::0000")
    assert gained.sentence.startswith("May also assume 1 role: arn:aws:iam::00000000")
    assert all_of_them.sentence.startswith("May no longer assume 2 roles")


def test_a_service_of_aws_is_not_what_is_read_first() -> None:
    ec2 = statement({"Service": "ec2.amazonaws.com"})

    assert list(risks(ROLE, None, trusted(ec2))) == []


def test_a_service_that_a_role_trusts_in_addition_is_said() -> None:
    before = statement({"AWS": "arn:aws:iam::123456789012:root"})
    after = statement({"Service": "lambda.amazonaws.com"})

    (told,) = risks(ROLE, trusted(before), trusted(before, after))

    assert told.topic is Topic.TRUST
    assert told.sentence == "AWS's service lambda.amazonaws.com can assume it."
