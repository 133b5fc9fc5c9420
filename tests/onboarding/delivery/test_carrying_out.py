"""What becomes of each account in a delivery, in which order, wherever it is killed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from onboarding.delivery.bodies import Body
from onboarding.delivery.carrying_out import carry_out
from onboarding.delivery.gate import Loaded, Stored
from onboarding.delivery.loading import Since, waits_for
from onboarding.delivery.plan import DeliveryPlan
from onboarding.delivery.verdicts import (
    FoundAccounts,
    Left,
    Owned,
    Step,
    StepKey,
    Verb,
    Why,
    one_row,
    removal,
    saving,
)
from onboarding.resources.plan import PlanOutdated
from tests.onboarding.delivery.accounts import aws_entry, everything, foreign, wanted
from tests.onboarding.delivery.delivering import List, deliver, planned, settle
from tests.onboarding.delivery.strict_gate import Killed, StrictGate


def body() -> Body:
    (made,) = wanted(aws_entry("prod"))
    return made


def stored(type_: str = "aws", **fields: Any) -> Stored:
    return Stored("prod", type_, {key: json.dumps(one) for key, one in fields.items()})


@pytest.mark.parametrize(
    "found",
    [
        FoundAccounts({"prod": stored("ecs")}, {}),
        FoundAccounts({}, {"prod": Loaded("prod", "kubernetes")}),
    ],
    ids=["stored", "loaded"],
)
def test_an_account_of_another_type_is_left_whatever_was_agreed(found: FoundAccounts):
    left = saving(body(), found, Owned("prod", "aws", sent="then"), {"prod"})

    assert isinstance(left, Left)
    assert left.why is Why.OF_ANOTHER_TYPE


@pytest.mark.parametrize(
    ("own", "agreed", "why"),
    [
        ({"sent": "then"}, set(), Why.CHANGED_ELSEWHERE),
        ({}, set(), Why.TAKEN),
        ({"sent": stored(accountId="1").digest}, set(), None),
        ({"sending": stored(accountId="1").digest}, set(), None),
        ({"sent": "then"}, {"prod"}, None),
    ],
)
def test_only_what_bowline_sent_is_deleted_unless_a_person_agreed(
    own: dict[str, str], agreed: set[str], why: Why | None
):
    there = stored(accountId="1")

    verdict = removal(
        Owned("prod", "aws", **own), FoundAccounts({"prod": there}, {}), agreed
    )

    deleted = Step(Verb.REMOVE, "aws", "prod", before=there.digest)
    assert verdict == (Left("prod", "aws", why) if why else deleted)


@pytest.mark.parametrize("name", ["PROD", "prod  ", "pröd"])
def test_the_database_keeps_these_names_in_one_row(name: str):
    assert one_row(name) == one_row("prod")
    assert one_row(name) != one_row(" prod")


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


@pytest.mark.parametrize("same", [True, False])
def test_what_somebody_else_made_since_the_plan_is_not_taken_for_bowlines(same: bool):
    strict, book = StrictGate(), List()
    (body,) = wanted(aws_entry("prod"))
    (step,) = planned(strict, [body], book).steps
    theirs = dict(body.document) if same else foreign("prod")
    strict.stored["prod"] = dict(theirs)

    with pytest.raises(PlanOutdated, match="prod was changed in Spinnaker"):
        carry_out(step, strict.gate, book)

    assert book.rows == {}
    assert strict.stored["prod"] == theirs


BEFORE, AFTER = 2, 3

"""The write of a step, which comes after one look."""


def killed(strict: StrictGate, step: Step, book: List, when: int) -> None:
    strict.killed_at = when
    with pytest.raises(Killed):
        carry_out(step, strict.gate, book)


def delivered(*bodies: Body) -> tuple[StrictGate, List]:
    strict, book = StrictGate(), List()
    deliver(strict, bodies, book)
    settle(strict)
    strict.requests.clear()
    return strict, book


def test_what_was_saved_is_not_saved_again(strict, book):
    (step,) = planned(strict, wanted(aws_entry()), book).steps
    killed(strict, step, book, AFTER)

    carry_out(step, strict.gate, book)

    assert strict.names("PUT") == ["prod"]
    assert book.rows["prod"].sent == step.key.after


def test_what_was_not_saved_yet_is_still_an_addition(strict, book):
    plan = planned(strict, wanted(aws_entry()), book)
    killed(strict, plan.steps[0], book, BEFORE)

    again = planned(strict, wanted(aws_entry()), book)

    assert again.fingerprint == plan.fingerprint


def test_what_was_saved_is_still_bowlines_to_change(strict, book):
    (step,) = planned(strict, wanted(aws_entry()), book).steps
    killed(strict, step, book, AFTER)
    changed = wanted(aws_entry(external_id="x-2"))
    (step,) = planned(strict, changed, book).steps
    killed(strict, step, book, BEFORE)

    plan = deliver(strict, changed, book)

    assert [step.verb for step in plan.steps] == [Verb.CHANGE]
    assert strict.stored["prod"]["externalId"] == "x-2"


def test_what_was_deleted_is_forgotten_once_it_is_unloaded():
    strict, book = delivered(*wanted(aws_entry()))
    plan = planned(strict, [], book)
    killed(strict, plan.steps[0], book, AFTER)

    again = planned(strict, [], book)
    deliver(strict, [], book)
    waiting = planned(strict, [], book)
    settle(strict)
    deliver(strict, [], book)

    assert again.left == ()
    assert again.unapproved({step.key for step in plan.steps}) == ()
    assert again.unapproved(frozenset()) == again.steps
    assert (waiting.leaving, waiting.gone) == (("prod",), ())
    assert book.rows == {}


def test_a_deletion_that_was_never_sent_is_planned_again():
    strict, book = delivered(*wanted(aws_entry()))
    plan = planned(strict, [], book)
    killed(strict, plan.steps[0], book, BEFORE)

    again = deliver(strict, [], book)

    assert again.fingerprint == plan.fingerprint
    assert strict.stored == {}


def test_an_ecs_account_that_was_deleted_to_be_stored_again_is_stored_again():
    strict, book = delivered(*everything())
    changed = everything(assume_role="role/other")
    aws, ecs = planned(strict, changed, book).steps
    carry_out(aws, strict.gate, book)
    settle(strict)
    killed(strict, ecs, book, AFTER)

    again = planned(strict, changed, book)
    is_done = [carry_out(ecs, strict.gate, book) for _ in range(2)]

    assert [(step.verb, step.name) for step in again.steps] == [(Verb.ADD, "prod-ecs")]
    assert waits(again.steps) == [("prod-ecs", ("prod-ecs",), ("prod",))]
    assert is_done == [False, True]
    assert "prod-ecs" in strict.stored


def test_an_ecs_account_is_deleted_once_its_aws_account_is_loaded_as_wanted():
    strict, book = delivered(*everything())

    plan = planned(strict, everything(assume_role="role/other"), book)

    assert waits(plan.steps) == [
        ("prod", (), ()),
        ("prod-ecs", ("prod-ecs",), ("prod",)),
    ]
    assert [step.renews for step in plan.steps] == [False, True]


def test_what_is_deleted_to_be_stored_again_waits_for_one_thing_at_a_time():
    step = Step(
        Verb.CHANGE, "ecs", "e", renews=True, after_gone=("e",), after_loaded=("a",)
    )

    before = waits_for(step, Since(), now=100)
    deleted = Owned("e", "ecs", leaving=True)
    after = waits_for(step, Since(), now=100, own=deleted)
    begun = waits_for(step, Since(), now=100, own=replace(deleted, sending="x"))

    stopped = waits_for(step, Since(), now=100, own=replace(deleted, sent="x"))

    assert (before, after, begun, stopped) == (("a",), ("e",), (), ())


def test_a_deletion_waits_until_the_ecs_account_is_unloaded():
    strict, book = delivered(*everything())
    plan = planned(strict, [], book)
    carry_out(plan.steps[0], strict.gate, book)

    again = planned(strict, [], book)

    expected = [("prod", ("prod-ecs",), ()), ("eks-prod", (), ())]
    assert waits(plan.steps) == [("prod-ecs", (), ()), *expected]
    assert waits(again.steps) == expected


def test_new_ecs_accounts_wait_for_their_aws_account_only():
    plan = planned(StrictGate(), everything(), List())

    assert waits(plan.steps) == [
        ("prod", (), ()),
        ("eks-prod", (), ()),
        ("prod-ecs", (), ("prod",)),
    ]


def waits(
    steps: tuple[Step, ...],
) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(step.name, step.after_gone, step.after_loaded) for step in steps]
