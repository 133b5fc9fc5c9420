"""What IAM's simulator answers, and of what it is asked by its ARN."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from onboarding.aws.errors import AwsError
from onboarding.providers.ecs import Ecs
from onboarding.verify.simulation.named import MOST_SUBNETS, Subnet, usable_subnets
from onboarding.verify.simulation.simulator import (
    MOST_PAIRS,
    Question,
    SimulatedCall,
    Verdict,
    packed,
    pairs,
    read_decisions,
    smaller,
)
from tests.onboarding.verify.simulation.service_control_policies import RUN
from tests.onboarding.verify.simulation.simulated import (
    ACCOUNT,
    EAST,
    MANAGING,
    WEST,
    Simulated,
    deny,
    managed_account,
)
from tests.onboarding.verify.simulation.test_service_control_policies import (
    ALLOWED,
    DENIED,
    UNKNOWN,
    said,
)
from tests.onboarding.verify.test_denial import document
from tests.strict_aws.policies import Statement

LAUNCH, TAG, PASS = (
    SimulatedCall(action)
    for action in ("ec2:runinstances", "ec2:createtags", "iam:passrole")
)

TAGGED, BY_RUN = ("aws:TagKeys", "team"), ("ec2:CreateAction", "RunInstances")

PASSED = ("iam:PassedToService", "ec2.amazonaws.com")


def answered(**fields: Any) -> Any:
    return {"EvalActionName": "ec2:RunInstances", "EvalDecision": "allowed", **fields}


@pytest.mark.parametrize("allows", [True, False])
def test_what_the_organization_denies_is_denied(allows: bool) -> None:
    decided = {"AllowedByOrganizations": allows}
    one = {"EvalResourceName": "*", "EvalResourceDecision": "allowed"}
    whole = answered(OrganizationsDecisionDetail=decided)
    of_each = answered(
        OrganizationsDecisionDetail=decided, ResourceSpecificResults=[one]
    )

    found = [
        read_decisions([result], ["*"], {LAUNCH})[LAUNCH] for result in (whole, of_each)
    ]
    of_many = read_decisions([of_each], ["*", "other"], {LAUNCH})

    assert found == [Verdict(allowed=allows, by_organization=not allows)] * 2
    assert of_many == ({LAUNCH: Verdict(allowed=True)} if allows else {})


@pytest.mark.parametrize(
    ("looked_at", "requests"),
    [(frozenset(), 1), (frozenset({"iam:passedtoservice"}), 2), (None, 2)],
)
def test_a_context_that_could_change_another_answer_is_asked_apart(
    looked_at: frozenset[str] | None, requests: int
) -> None:
    questions = [Question(LAUNCH), Question(PASS, frozenset({PASSED}))]

    assert len(list(packed(questions, lambda _: looked_at))) == requests


@pytest.mark.parametrize("context", [TAGGED, BY_RUN], ids=["global", "its own"])
def test_no_key_that_comes_with_another_call_is_sent_with_it(
    context: tuple[str, str],
) -> None:
    questions = [Question(LAUNCH), Question(TAG, frozenset({context}))]

    assert len(list(packed(questions, lambda _: frozenset()))) == 2


def test_of_many_actions_each_request_has_few() -> None:
    questions = [
        Question(SimulatedCall(f"ec2:Run{action}", f"arn:{resource}"))
        for action in range(40)
        for resource in range(40)
    ]

    requests = list(packed(questions, lambda _: frozenset()))

    assert sorted(q for request in requests for q in request) == sorted(questions)
    assert all(pairs(q.asked for q in one) <= MOST_PAIRS for one in requests)


def test_what_the_message_names_is_invalid_and_nothing_like_it() -> None:
    launch = [
        SimulatedCall(f"ec2:CreateLaunchTemplate{end}", "*") for end in ("", "Version")
    ]
    error = AwsError("1", "", f"{launch[1].action} isn't valid.", code="InvalidInput")

    assert smaller(launch, error) == [[launch[0]]]


def subnet(name: str, **tags: str) -> Subnet:
    listed = {
        "SubnetId": name,
        "OwnerId": ACCOUNT,
        "VpcId": "vpc-1",
        "AvailabilityZone": f"{EAST}a",
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
    return Subnet.of(listed, EAST, MANAGING)


ONE, OTHER = subnet("subnet-1", team="core"), subnet("subnet-2")

ALL = f"arn:aws:ec2:*:{ACCOUNT}:subnet/*"


@pytest.mark.parametrize(
    ("subnets", "denied", "expected"),
    [
        ((ONE,), {"Resource": ONE.arn}, DENIED),
        ((OTHER,), {"Resource": ONE.arn}, ALLOWED),
        ((ONE, OTHER), {"Resource": ONE.arn}, UNKNOWN),
        ((ONE, OTHER), {"Resource": [ONE.arn, OTHER.arn]}, DENIED),
        ((ONE, OTHER), {"Resource": ALL}, DENIED),
        ((ONE,), {"Resource": f"arn:aws:ec2:{WEST}:{ACCOUNT}:subnet/*"}, ALLOWED),
        (
            (OTHER,),
            {
                "Resource": ALL,
                "condition": {"StringNotEquals": {"aws:ResourceTag/team": "core"}},
            },
            DENIED,
        ),
    ],
)
@pytest.mark.parametrize("by", ["organization", "role"])
def test_an_account_fails_by_the_subnets_that_it_has(
    by: str, subnets: tuple[Subnet, ...], denied: dict[str, Any], expected: str
) -> None:
    statement = deny(RUN, **denied)

    results = held(by, statement, subnets=subnets).writes()

    assert said(results) == expected
    if expected == UNKNOWN:
        (unknown,) = (one.sentence for one in results if one.unknown_writes)
        assert "it is denied in subnet-1, and not in all subnets." in unknown


@pytest.mark.parametrize(
    ("by", "expected"), [("organization", ALLOWED), ("role", UNKNOWN)]
)
def test_a_deny_of_others_by_a_subnets_own_tag_is_not_denied(
    by: str, expected: str
) -> None:
    """The simulator isn't told the tag, and it denies what others wrote."""
    unless = {"StringNotEquals": {"ec2:ResourceTag/team": "core"}}
    statement = deny(RUN, Resource=ALL, condition=unless)

    assert said(held(by, statement, subnets=(ONE,)).writes()) == expected


def held(by: str, statement: Statement, **fields: Any) -> Simulated:
    if by == "organization":
        return Simulated(organization=(statement,), **fields)
    return Simulated(inline={"Theirs": document(dict(statement))}, **fields)


@pytest.mark.parametrize("by", ["organization", "role"])
def test_an_execution_role_that_may_not_be_passed_fails_ecs(by: str) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/spinnaker-ecs/ecsTaskExecutionRole"
    account = replace(managed_account(EAST), providers=(Ecs(),))

    passing = held(by, deny("iam:PassRole", Resource=role), account=account)
    others = held(by, deny("iam:PassRole", NotResource=role), account=account)

    assert said(passing.writes()) == DENIED
    assert said(others.writes()) == ALLOWED


def test_only_subnets_that_spinnaker_offers_are_asked_about() -> None:
    named = {"Tags": [{"Key": "Name", "Value": "main.internal.a"}], "VpcId": "vpc-1"}
    every = [{"SubnetId": f"subnet-{n}", **named} for n in range(MOST_SUBNETS + 5)]
    others = [{"SubnetId": "subnet-x", "VpcId": "vpc-1"}]

    found = [*usable_subnets([*others, *every], EAST, MANAGING)]

    assert len(found) == MOST_SUBNETS
    assert "subnet-x" not in str(found)


def test_a_shared_subnet_is_asked_about_as_its_owners() -> None:
    shared = f"arn:aws:ec2:{EAST}:933333333333:subnet/subnet-9"
    listed = {"SubnetId": "subnet-9", "SubnetArn": shared, "OwnerId": "933333333333"}
    subnets = (Subnet.of(listed, EAST, MANAGING),)
    theirs = {"StringNotEquals": {"aws:ResourceAccount": ACCOUNT}}
    kinds = ["arn:aws:ec2:*:*:subnet/*", "arn:aws:ec2:*:*:instance/*"]
    denied = deny(RUN, condition=theirs, Resource=kinds)

    assert said(held("organization", denied, subnets=subnets).writes()) == DENIED
    assert said(held("role", denied, subnets=subnets).writes()) == DENIED
    assert said(held("role", denied, subnets=(ONE,)).writes()) == ALLOWED
