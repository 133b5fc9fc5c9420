"""What IAM's simulator answers, and which questions share a request."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.aws.errors import AwsError
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

RUN, TAG, PASS = (
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

    found = [read_decisions([result], ["*"], {RUN})[RUN] for result in (whole, of_each)]
    of_many = read_decisions([of_each], ["*", "other"], {RUN})

    assert found == [Verdict(allowed=allows, by_organization=not allows)] * 2
    assert of_many == ({RUN: Verdict(allowed=True)} if allows else {})


@pytest.mark.parametrize(
    ("looked_at", "requests"),
    [(frozenset(), 1), (frozenset({"iam:passedtoservice"}), 2), (None, 2)],
)
def test_a_context_that_could_change_another_answer_is_asked_apart(
    looked_at: frozenset[str] | None, requests: int
) -> None:
    questions = [Question(RUN), Question(PASS, frozenset({PASSED}))]

    assert len(list(packed(questions, lambda _: looked_at))) == requests


@pytest.mark.parametrize("context", [TAGGED, BY_RUN], ids=["global", "its own"])
def test_no_key_that_comes_with_another_call_is_sent_with_it(
    context: tuple[str, str],
) -> None:
    questions = [Question(RUN), Question(TAG, frozenset({context}))]

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
