"""Who can assume a role, in words, in as many steps as the trust has characters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from onboarding.resources.kinds import Key, Role
from onboarding.resources.plan import Update, beyond
from onboarding.resources.policy import Policy
from onboarding.resources.risks import Topic, risks
from onboarding.resources.trusts import (
    Width,
    assumers,
    is_for_services,
    shut_out,
    who_can_assume,
)
from tests.growth import steps_of

ROLE = Key("9" * 12, "role", "spinnakerManaged")

SPINNAKER = "arn:aws:iam::911111111111:role/ops/spinnakerManaging"

ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}


def statement(principal: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, **more}


@pytest.mark.parametrize(
    ("given", "who", "anybody"),
    [
        ({"AWS": SPINNAKER}, "Role spinnakerManaging of account 911111111111", False),
        (
            {"AWS": "911111111111"},
            "Every identity that account 911111111111 permits can",
            False,
        ),
        ({"Service": "ec2.amazonaws.com"}, "AWS's service ec2.amazonaws.com", False),
        (
            {"Federated": "arn:aws:iam::911111111111:oidc-provider/a"},
            "Every identity that arn:aws:iam::911111111111:oidc-provider/a vouches "
            "for, which anybody may have, can",
            True,
        ),
        ({"AWS": "AROAEXAMPLE"}, "A deleted identity (AROAEXAMPLE)", False),
        ("*", "Anybody in AWS", True),
        ({"AWS": "*"}, "Anybody in AWS", True),
    ],
)
def test_each_principal_is_named(given: Any, who: str, anybody: bool) -> None:
    (one,) = assumers([statement(given)])

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
        ({"StringLike": {"aws:PrincipalAccount": "????????????"}}, True),
        ({"StringLike": {"sts:ExternalId": "?*"}}, True),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-abc"}}, True),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-abc"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"Null": {"sts:ExternalId": "false"}}, True),
        ({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-abc"}}, True),
        ({"StringLike": {"aws:PrincipalOrgID": ["o-abc", "*"]}}, True),
    ],
)
def test_anybody_is_shut_out_by_a_condition_that_a_stranger_does_not_meet(
    condition: dict[str, Any], anybody: bool
) -> None:
    (one,) = assumers([statement("*", Condition=condition)])

    assert one.anybody is anybody
    how = "under a condition that anybody can meet" if anybody else "known by"
    assert f"Anybody in AWS, {how} " in one.sentence


def test_what_denies_lets_nobody_in_and_all_but_some_are_anybody() -> None:
    denies = {"Effect": "Deny", "Principal": "*"}
    all_but = {"Effect": "Allow", "NotPrincipal": {"AWS": SPINNAKER}}

    assert list(assumers([denies])) == []
    assert [one.anybody for one in assumers([all_but])] == [True]


def trusted(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"name": "x", "trust": Policy.of({"Statement": [*statements]}).document}


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
        (Topic.EVERYONE, "Anybody in AWS can assume it.")
    ]
    assert list(risks(ROLE, trusted(known), trusted(known))) == []


ASSUME = Key("9" * 12, "inline policy", "spinnakerManaging/BowlineAssume")


def listing(*accounts: int | str, role: str = "spinnakerManaged") -> dict[str, Any]:
    """Allow Spinnaker to assume its role in accounts, or what is written out."""
    roles = [
        f"arn:aws:iam::{one:012}:role/{role}" if isinstance(one, int) else one
        for one in accounts
    ]
    one = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles}
    return {"name": "x", "document": {"Statement": [one]}}


def test_a_plan_says_which_accounts_spinnaker_loses_and_gains() -> None:
    (many,) = risks(ASSUME, listing(1, 2), listing(*range(1, 63)))
    lost, gained = risks(ASSUME, listing(1, 2, 3), listing(3, 4))
    (all_of_them,) = risks(ASSUME, listing(1, 2), None)

    assert many.topic is Topic.GAINED
    assert many.sentence == (
        "Spinnaker gains 60 accounts: 000000000003, 000000000004, 000000000005 and "
        "57 more."
    )
    assert many.accounts == tuple(f"{n:012}" for n in range(3, 63))
    assert [lost.topic, gained.topic] == [Topic.LOST, Topic.GAINED]
    assert lost.sentence == "Spinnaker loses 2 accounts: 000000000001, 000000000002."
    assert gained.sentence == "Spinnaker gains 1 account: 000000000004."
    assert all_of_them.sentence.startswith("Spinnaker loses 2 accounts")


def test_a_role_that_changes_in_an_account_that_stays_loses_no_account() -> None:
    lost, gained = risks(ASSUME, listing(1), listing(1, role="other"))

    assert lost.sentence == (
        "Can no longer assume 1 role: arn:aws:iam::000000000001:role/spinnakerManaged."
    )
    assert gained.sentence.startswith("Can also assume 1 role: arn:aws:iam::0000000000")
    assert lost.accounts == gained.accounts == ()


def test_a_pattern_names_no_account_and_covers_every_role() -> None:
    anywhere = "arn:aws:iam::*:role/spinnakerManaged"

    (pattern,) = risks(ASSUME, None, listing(anywhere))
    kept = list(risks(ASSUME, listing(1), listing(1, "*")))
    freed = list(risks(ASSUME, listing(1, 2), listing("*")))
    narrowed = list(risks(ASSUME, listing("*"), listing(1)))

    assert pattern.sentence == f"Can also assume 1 role: {anywhere}."
    assert Topic.LOST not in {one.topic for one in (*kept, *freed)}
    assert kept[0].sentence == freed[0].sentence == "Can also assume 1 role: *."
    assert narrowed == []


def test_a_service_of_aws_is_not_what_is_read_first() -> None:
    ec2 = statement({"Service": "ec2.amazonaws.com"})

    assert list(risks(ROLE, None, trusted(ec2))) == []


def test_a_service_that_a_role_trusts_in_addition_is_said() -> None:
    before = statement({"AWS": "arn:aws:iam::123456789012:root"})
    after = statement({"Service": "lambda.amazonaws.com"})

    (told,) = risks(ROLE, trusted(before), trusted(before, after))

    assert told.topic is Topic.TRUST
    assert told.sentence == "AWS's service lambda.amazonaws.com can assume it."


OTHER = "arn:aws:iam::922222222222:role/ci"

LAMBDA, EC2 = {"Service": "lambda.amazonaws.com"}, {"Service": "ec2.amazonaws.com"}


def whom(*statements: dict[str, Any], planned: Any = ()) -> list[str]:
    return [one.who for one in who_can_assume(statements, planned)]


def test_who_else_can_assume_a_role_is_listed_with_the_widest_first() -> None:
    found = [
        statement(EC2),
        statement({"AWS": [OTHER, SPINNAKER, "AROAEXAMPLE"]}),
        statement({"AWS": "933333333333"}),
        statement({"AWS": "933333333333"}),
        statement("*", Condition=ORGANIZATION),
        statement("*"),
    ]
    planned = [statement({"AWS": SPINNAKER}, Condition=ORGANIZATION)]

    assert whom(*found, planned=planned) == [
        "Anybody in AWS",
        "Every identity that account 933333333333 permits",
        "Anybody in AWS, known by their organization,",
        "Role ci of account 922222222222",
        "AWS's service ec2.amazonaws.com",
    ]
    assert whom(*planned, planned=planned) == []


def test_an_account_is_wide_however_it_is_written() -> None:
    root = statement({"AWS": "arn:aws:iam::933333333333:root"})

    assert [one.width for one in who_can_assume([root])] == [Width.MANY]


@pytest.mark.parametrize(
    "name",
    [
        "x" * 10_000,
        "arn:aws:iam::911111111111:saml-provider/a\nRole b can assume it.\u202e",
    ],
)
@pytest.mark.parametrize("kind", ["AWS", "Federated", "Service"])
def test_names_of_others_are_shown_in_one_line_and_bounded(
    kind: str, name: str
) -> None:
    condition = {"StringEquals": {name: "x"}}

    (one,) = assumers([statement({kind: name}, Condition=condition)])

    assert len(one.sentence) < 800
    assert "\n" not in one.sentence
    assert "\u202e" not in one.sentence


def test_who_loses_a_role_is_listed() -> None:
    before = [
        statement({"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}),
        statement({"AWS": [OTHER, SPINNAKER, "933333333333"]}),
    ]
    after = [statement(EC2), statement({"AWS": ["922222222222", SPINNAKER]})]

    lost = [one.loses for one in shut_out(before, after)]

    assert lost == [
        "Every identity that account 933333333333 permits can no longer assume it.",
        "AWS's service lambda.amazonaws.com can no longer assume it.",
    ]
    assert shut_out(before, [*after, statement("*")]) == [
        one for one in shut_out(before, after) if one.is_service
    ]


def test_a_plan_lists_every_principal_that_loses_a_role() -> None:
    names = [f"arn:aws:iam::{n:012}:role/ci" for n in range(300)]
    before = trusted(statement({"AWS": [SPINNAKER, *names]}), statement(LAMBDA))

    told = [*risks(ROLE, before, trusted(statement({"AWS": SPINNAKER})))]

    assert {one.topic for one in told} == {Topic.SHUT_OUT}
    assert len(told) == 301
    assert told[-1].sentence == (
        "AWS's service lambda.amazonaws.com can no longer assume it."
    )


def test_who_could_assume_a_role_before_is_not_new() -> None:
    limited = statement({"AWS": [SPINNAKER, OTHER]}, Condition=ORGANIZATION)
    open_ = statement({"AWS": SPINNAKER})
    narrow = statement({"AWS": SPINNAKER}, Condition=ORGANIZATION)

    def new(before: dict[str, Any], after: dict[str, Any]) -> list[Topic]:
        told = risks(ROLE, trusted(before), trusted(after))
        return [one.topic for one in told if one.topic is Topic.TRUST]

    assert new(limited, narrow) == new(open_, narrow) == []
    assert new(limited, open_) == [Topic.TRUST]


def test_what_was_found_instead_shuts_nobody_out() -> None:
    found = Role(account="9" * 12, name="r", trust=Policy.allowing(statement(EC2)))
    want = replace(found, trust=Policy.allowing(statement({"AWS": SPINNAKER})))

    told = [one.sentence for one in beyond(Update(found, want))]

    assert told == ["AWS's service ec2.amazonaws.com can assume it."]


@pytest.mark.parametrize(
    ("trust", "is_so"),
    [
        ([EC2], True),
        ([{"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}], True),
        ([EC2, {"AWS": SPINNAKER}], False),
        ([{"AWS": SPINNAKER}], False),
        ([], False),
    ],
)
def test_a_role_for_services_is_assumed_by_them_alone(trust: Any, is_so: bool) -> None:
    assert is_for_services(map(statement, trust)) is is_so


ROLE_KEY = Key("9" * 12, Role.kind, "R")

Statement = dict[str, Any]


def enters(**more: Any) -> Statement:
    return {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", **more}


def accounts(size: int) -> list[str]:
    return [f"{number:012}" for number in range(size // 15)]


def users(size: int) -> list[str]:
    return [f"arn:aws:iam::{number:012}:user/u" for number in range(size // 36)]


TRUSTS: dict[str, Callable[[int], list[Statement]]] = {
    "accounts": lambda size: [enters(Principal={"AWS": accounts(size)})],
    "accounts, and each is denied": lambda size: [
        enters(Principal={"AWS": accounts(size // 2)}),
        enters(Effect="Deny", Principal={"AWS": accounts(size // 2)}),
    ],
    "accounts, and denials of all but one": lambda size: [
        enters(Principal={"AWS": accounts(size // 2)}),
        *(
            {"Effect": "Deny", "NotPrincipal": {"AWS": one}, "Action": "*"}
            for one in users(size // 4)
        ),
    ],
    "everybody, and a denial of all but many": lambda size: [
        *(
            enters(Condition={"StringEquals": {f"aws:RequestTag/{number}": "x"}})
            for number in range(size // 240)
        ),
        {"Effect": "Deny", "NotPrincipal": {"AWS": users(size // 2)}, "Action": "*"},
    ],
    "accounts, and a denial of all but many in each": lambda size: [
        *(enters(Principal={"AWS": one}) for one in accounts(size // 12)),
        {"Effect": "Deny", "NotPrincipal": {"AWS": users(size // 2)}, "Action": "*"},
    ],
    "accounts, and denials unless known": lambda size: [
        enters(Principal={"AWS": accounts(size // 2)}),
        *(
            enters(
                Effect="Deny",
                Condition={"StringNotEquals": {"aws:PrincipalOrgID": f"o-{number}"}},
            )
            for number in range(size // 240)
        ),
    ],
    "accounts under many keys": lambda size: [
        enters(
            Principal={"AWS": accounts(size // 2)},
            Condition={
                "StringEquals": {f"a.b/{n}:sub": f"{n}" for n in range(size // 40)}
            },
        )
    ],
    "variables and patterns": lambda size: [
        enters(
            Condition={
                "StringLike": {
                    "sts:ExternalId": ["${" * (size // 4), "*?" * (size // 4)]
                }
            }
        )
    ],
}

"""Of about as many characters as is asked."""


@pytest.mark.parametrize("kind", TRUSTS)
def test_twice_as_long_a_trust_takes_about_twice_the_steps(kind: str) -> None:
    def judge(trust: list[Statement]) -> None:
        who_can_assume(trust)
        shut_out(trust, trust[:1])
        list(risks(ROLE_KEY, None, {"trust": {"Statement": trust}}))

    some, all_ = TRUSTS[kind](3_000), TRUSTS[kind](6_000)
    judge(TRUSTS[kind](600))

    grown = [steps_of(partial(judge, trust)) for trust in (some, all_)]

    assert grown[1] < 2.2 * grown[0], grown
