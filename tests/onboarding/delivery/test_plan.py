"""What of a delivery plan was approved."""

from __future__ import annotations

import pytest

from onboarding.delivery.plan import DeliveryPlan
from onboarding.delivery.verdicts import Step, StepKey, Verb

APPROVED = StepKey(Verb.REMOVE, "aws", "prod", before="then", after="")


@pytest.mark.parametrize(
    ("stored", "is_approved"),
    [("then", True), ("changed since", False), ("", True)],
    ids=["as approved", "changed since", "deleted already"],
)
def test_a_deletion_is_approved_of_what_was_stored_then(stored, is_approved):
    plan = DeliveryPlan((Step(Verb.REMOVE, "aws", "prod", before=stored),))

    assert plan.unapproved({APPROVED}) == (() if is_approved else plan.steps)


def test_a_deletion_of_another_account_is_not_approved():
    plan = DeliveryPlan((Step(Verb.REMOVE, "aws", "staging"),))

    assert plan.unapproved({APPROVED}) == plan.steps
