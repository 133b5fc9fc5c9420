"""Many questions in one request to IAM's simulator prove no more than each alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from onboarding.aws.client import AccountClient
from onboarding.aws.errors import AwsError
from onboarding.checks import Outcome
from onboarding.verify.conditions import Caller
from onboarding.verify.policy_evaluation import Document, keys_looked_at
from onboarding.verify.simulation.simulator import (
    Question,
    SimulatedCall,
    Verdict,
    simulate,
)
from tests.onboarding.aws.field import Field, trusting
from tests.onboarding.verify.simulation.test_writes import NAME, changing, stands
from tests.strict_aws.calls import Calls
from tests.strict_aws.conftest import Strictly
from tests.strict_aws.simulator import Simulator

ONE, OTHER = "arn:aws:ec2:us-east-1:1:instance/i", "arn:aws:ec2:us-east-1:1:volume/v"
TAGS = ("aws:TagKeys", "spinnaker:Detached")
LAUNCH = ("ec2:CreateAction", "RunInstances")
PASSED = ("iam:PassedToService", "ec2.amazonaws.com")
PASSED_ELSEWHERE = ("iam:PassedToService", "lambda.amazonaws.com")


def question(action: str, resource: str, *context: tuple[str, str]) -> Question:
    return Question(SimulatedCall(action, resource), frozenset(context))


REBOOT = question("ec2:RebootInstances", ONE)
DELETE = question("ec2:DeleteVolume", OTHER)
TAG = question("ec2:CreateTags", ONE, TAGS)
TAG_LAUNCHED = question("ec2:CreateTags", ONE, LAUNCH)
PASS = question("iam:PassRole", ONE, PASSED)
PASS_ELSEWHERE = question("iam:PassRole", OTHER, PASSED_ELSEWHERE)
ALL = (REBOOT, DELETE, TAG, TAG_LAUNCHED, PASS, PASS_ELSEWHERE)

Simulated = Callable[..., dict[Question, Verdict | AwsError]]


def statement(asked: Question, **other: Any) -> dict[str, Any]:
    """Allow what is asked, under the condition that its context meets."""
    condition = {"StringEquals": dict(asked.context)} if asked.context else {}
    return {
        "Effect": "Allow",
        "Action": asked.asked.action,
        "Resource": asked.asked.resource,
        "Condition": condition,
        **other,
    }


GRANTED = [statement(asked) for asked in ALL]


@pytest.fixture
def simulated(field: Field, strictly: Strictly, calls: Calls) -> Simulated:
    """Return a function that gives a role these statements and simulates all."""

    def answer(
        *statements: dict[str, Any], by: Simulator | None = None, **role: Any
    ) -> dict[Question, Verdict | AwsError]:
        iam = field.iam
        trust = trusting(field.bowline)
        iam.create_role(RoleName="R", AssumeRolePolicyDocument=trust, **role)
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_role_policy(
            RoleName="R", PolicyName="P", PolicyDocument=json.dumps(document)
        )
        strictly(by or Simulator())
        client = AccountClient.of(field.sessions(), field.reach)
        calls.made.clear()
        role_arn = f"arn:aws:iam::{field.managed_id}:role/R"
        held = [Document("P", document)]
        return simulate(
            client, Caller(role_arn), ALL, lambda asked: keys_looked_at(held, *asked)
        )

    return answer


def allowed(verdicts: dict[Question, Verdict | AwsError]) -> set[Question]:
    return {q for q, v in verdicts.items() if isinstance(v, Verdict) and v.allowed}


def requests(calls: Calls) -> int:
    return calls.made["iam:SimulatePrincipalPolicy"]


@pytest.mark.smoke
def test_what_is_granted_is_allowed_in_three_requests(
    simulated: Simulated, calls: Calls
) -> None:
    assert allowed(simulated(*GRANTED)) == {*ALL}
    assert requests(calls) == 3


@pytest.mark.smoke
@pytest.mark.parametrize(
    "withheld", ALL, ids=lambda q: "-".join((*q.asked, *dict(q.context)))
)
def test_what_one_question_is_not_granted_no_other_proves(
    simulated: Simulated, withheld: Question
) -> None:
    others = [statement(asked) for asked in ALL if asked != withheld]

    assert allowed(simulated(*others)) == {*ALL} - {withheld}


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("asked", "only"),
    [
        # Each is granted where a key has the value that another question brings.
        (REBOOT, PASSED),
        (REBOOT, TAGS),
        (PASS, TAGS),
        (PASS, LAUNCH),
        (TAG, PASSED_ELSEWHERE),
        (TAG_LAUNCHED, PASSED),
        (PASS_ELSEWHERE, LAUNCH),
    ],
)
def test_a_key_that_another_question_brings_allows_nothing(
    simulated: Simulated, asked: Question, only: tuple[str, str]
) -> None:
    strict = statement(
        asked, Condition={"StringEquals": {**dict(asked.context), **dict([only])}}
    )
    others = [statement(one) for one in ALL if one != asked]

    assert allowed(simulated(strict, *others)) == {*ALL} - {asked}


@pytest.mark.smoke
@pytest.mark.parametrize("asked", ALL)
@pytest.mark.parametrize("unless", [TAGS, LAUNCH, PASSED, PASSED_ELSEWHERE])
def test_a_denial_that_another_questions_key_would_lift_stays(
    simulated: Simulated, asked: Question, unless: tuple[str, str]
) -> None:
    denial = statement(
        asked, Effect="Deny", Condition={"StringNotEquals": dict([unless])}
    )
    lifted = {one for one in ALL if unless in one.context}
    denied = {one for one in ALL if one.asked == asked.asked} - lifted

    assert allowed(simulated(denial, *GRANTED)) == {*ALL} - denied


@pytest.mark.smoke
def test_what_is_granted_without_a_condition_is_asked_in_its_own_context(
    simulated: Simulated, calls: Calls
) -> None:
    broad = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    denial = statement(TAG, Effect="Deny", Condition={"StringEquals": dict([TAGS])})

    assert allowed(simulated(broad, denial)) == {*ALL} - {TAG}


@pytest.mark.smoke
def test_answers_come_in_pages(simulated: Simulated) -> None:
    assert allowed(simulated(*GRANTED, by=Simulator(page=1))) == {*ALL}


@pytest.mark.smoke
def test_actions_that_iam_judges_apart_are_asked_apart(
    simulated: Simulated, calls: Calls
) -> None:
    alone = Simulator(apart=frozenset({"ec2:DeleteVolume", "iam:PassRole"}))

    assert allowed(simulated(*GRANTED, by=alone)) == {*ALL}
    assert requests(calls) == 7  # two of three are refused once, and asked in two


@pytest.mark.smoke
def test_what_iam_finds_invalid_keeps_no_other_answer_back(
    simulated: Simulated,
) -> None:
    verdicts = simulated(
        *GRANTED, by=Simulator(unknown=frozenset({"ec2:DeleteVolume"}))
    )

    invalid = verdicts.pop(DELETE)
    assert isinstance(invalid, AwsError)
    assert "ec2:DeleteVolume" in invalid.message
    assert allowed(verdicts) == {*ALL} - {DELETE}


@pytest.mark.smoke
def test_a_purpose_is_allowed_under_the_condition_that_it_is_granted_under(
    field: Field, strictly: Strictly
) -> None:
    only = {"StringEquals": {"ec2:CreateAction": ["RunInstances"]}}
    verified = stands(field, changing("ec2:CreateTags", condition=only))
    strictly(Simulator())

    assert verified.found(NAME).outcome is Outcome.EVALUATED
