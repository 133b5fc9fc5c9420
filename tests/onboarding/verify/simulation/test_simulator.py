"""What IAM's simulator answers, and which questions share a request."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.verify.simulation.simulator import (
    Asked,
    Question,
    Verdict,
    grouped,
    read,
)

RUN, STOP = Asked("ec2:runinstances"), Asked("ec2:stopinstances")
TAGGED, BY_US = ("aws:ResourceTag/team", "ours"), ("aws:RequestTag/by", "us")


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

    found = [read([result], ["*"], {RUN})[RUN].allowed for result in (whole, of_each)]
    of_many = read([of_each], ["*", "other"], {RUN})[RUN].allowed

    assert [*found, of_many] == [allows] * 3


@pytest.mark.parametrize(
    ("looked_at", "groups"),
    [({"aws:resourcetag/team"}, 1), ({"aws:resourcetag/team", "aws:requesttag/by"}, 2)],
)
def test_a_context_that_changes_another_answer_is_asked_apart(
    looked_at: set[str], groups: int
) -> None:
    plain = {
        RUN: Verdict(allowed=False, missing=frozenset(looked_at)),
        STOP: Verdict(allowed=False, missing=frozenset({"aws:requesttag/by"})),
    }
    questions = [
        Question(RUN, frozenset({TAGGED})),
        Question(STOP, frozenset({BY_US})),
    ]

    assert len(grouped(questions, plain)) == groups
