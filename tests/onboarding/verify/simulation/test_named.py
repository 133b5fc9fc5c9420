"""Subnets that were found, and roles that the plan names, are asked by their ARNs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from onboarding.providers.ecs import Ecs
from onboarding.verify.simulation.named import MOST_SUBNETS, Subnet, usable_subnets
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
