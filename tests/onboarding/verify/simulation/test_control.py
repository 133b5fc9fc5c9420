"""Where IAM's simulator says that the organization denies a read that AWS answered, it
isn't believed about writes.
"""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.aws.errors import AwsError
from onboarding.checks import Outcome
from onboarding.verify.simulation.writes import CREATE_LOAD_BALANCER, SCHEME, Answered
from tests.onboarding.verify.simulation.simulated import (
    ACCOUNT,
    EAST,
    WEST,
    Simulated,
    deny,
    managed_account,
    outcomes,
)
from tests.onboarding.verify.test_denial import allow, document

RUN = "ec2:RunInstances"
READS = ("elasticloadbalancing:DescribeLoadBalancers", "ec2:DescribeVpcs")
ELSEWHERE = {"NotIpAddressIfExists": {"aws:SourceIp": "192.0.2.0/24"}}


def answering(*denied: Any, regions: tuple[str, ...] = (EAST,), **fields: Any) -> Any:
    """Return an account in which AWS just answered the reads."""
    answered = tuple(Answered(read, region) for region in regions for read in READS)
    reads = {"Reads": document(allow(*READS))}
    return Simulated(
        organization=denied,
        answered=answered,
        inline={**reads, **fields.pop("inline", {})},
        **fields,
    )


def test_a_policy_by_where_calls_come_from_fails_no_write() -> None:
    results = answering(deny("*", condition=ELSEWHERE)).writes()

    assert outcomes(results).keys() == {"evaluated"}
    for said in (one.sentence for one in results):
        assert said.startswith("Read, not called: the role's policies allow ")
        assert said.count("it says that the organization denies ") == 1
        assert "too, which AWS just answered" in said


@pytest.mark.parametrize("names_outside", [False, True])
def test_what_the_organization_denies_and_no_read_still_fails(
    names_outside: bool,
) -> None:
    account = answering(deny(RUN), names_outside=names_outside)

    (failed,) = account.failed()

    said = f"Simulated in {EAST}: A policy of the organization denies {RUN} in {EAST}."
    assert failed.sentence == said


def test_what_the_roles_own_policies_deny_still_fails() -> None:
    theirs = {"Theirs": document(dict(deny(RUN)))}
    account = answering(deny("*", condition=ELSEWHERE), inline=theirs)

    (failed,) = account.failed()

    assert failed.located == "their policy"


def test_a_read_of_the_same_service_is_asked_about() -> None:
    balancing = deny("elasticloadbalancing:*", condition=ELSEWHERE)

    (failed,) = answering(balancing, deny(RUN)).failed()

    assert f"denies {RUN}" in failed.sentence


@pytest.mark.parametrize("answered", [(), (WEST,)], ids=["nowhere", "elsewhere"])
def test_where_aws_answered_no_read_the_simulator_is_believed(
    answered: tuple[str, ...],
) -> None:
    assert answering(deny("*", condition=ELSEWHERE), regions=answered).failed()


def test_each_region_has_its_own() -> None:
    there = {**ELSEWHERE, "StringEquals": {"aws:RequestedRegion": WEST}}
    both = managed_account(EAST, WEST)
    account = answering(deny("*", condition=there), regions=(EAST, WEST), account=both)

    assert account.failed() == []


def test_nothing_more_is_asked_where_the_organization_denies_nothing() -> None:
    usual, asked = Simulated(), answering()

    for account in (usual, asked):
        account.writes()

    assert len(asked.requests) == len(usual.requests)


def test_one_request_asks_about_the_reads_of_a_region() -> None:
    account = answering(deny("*", condition=ELSEWHERE))

    account.writes()

    asked = [{*one["ActionNames"]} for one in account.requests]
    assert [one for one in asked if one & {*READS}] == [{*READS}]


def test_who_can_read_no_policy_either_knows_nothing() -> None:
    account = answering(
        deny("*", condition=ELSEWHERE),
        unreadable=AwsError(ACCOUNT, "iam:GetRole", "Refused.", code="AccessDenied"),
    )

    results = account.writes()

    assert {one.outcome for one in results} == {Outcome.NOT_TESTABLE}
    assert all("which AWS just answered" in one.sentence for one in results)


@pytest.mark.parametrize("scheme", ["internal", "internet-facing"])
def test_load_balancers_of_one_scheme_are_unknown(scheme: str) -> None:
    other = deny(CREATE_LOAD_BALANCER, condition={"StringNotEquals": {SCHEME: scheme}})
    account = answering(other)

    results = account.writes()

    (unknown,) = (one for one in results if one.unknown_writes)
    assert account.failed() == []
    assert unknown.sentence.startswith(f"Unknown: {CREATE_LOAD_BALANCER}, because")
    assert SCHEME.lower() in unknown.sentence


def test_load_balancers_of_any_scheme_are_denied_or_allowed() -> None:
    unsaid = deny(CREATE_LOAD_BALANCER, condition={"Null": {SCHEME: "true"}})

    assert answering(deny(CREATE_LOAD_BALANCER)).failed()
    assert outcomes(answering(unsaid).writes()).keys() == {"evaluated"}
