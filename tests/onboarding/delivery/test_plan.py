"""In which order a delivery deletes, and what of its plan was approved."""

from __future__ import annotations

import pytest

from onboarding.delivery.plan import DeliveryPlan
from onboarding.delivery.verdicts import Step, StepKey, Verb
from tests.onboarding.delivery.accounts import everything
from tests.onboarding.delivery.delivering import deliver, planned, settle

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


def test_an_ecs_account_is_deleted_before_the_aws_account_that_it_uses(strict, book):
    deliver(strict, everything(), book)
    settle(strict)

    plan = planned(strict, (), book)

    assert [step.type for step in plan.steps] == ["ecs", "aws", "kubernetes"]
