"""Which stored bodies make the same account: absent, null, default and other values."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.adopting.accounts.fields import BY_NAME
from onboarding.adopting.accounts.listed import KEY_PAIR
from onboarding.delivery.bodies import (
    NAMED,
    SECRET,
    USUAL,
    by_name,
    comparable,
    differing_by_effect,
    noticed,
)
from onboarding.delivery.carrying_out import carry_out
from onboarding.delivery.gate import Loaded
from onboarding.delivery.verdicts import FoundAccounts, Left, Owned, Step, Verb, Why
from onboarding.delivery.verdicts import saving as verdict_of
from onboarding.resources.plan import PlanOutdated
from tests.onboarding.delivery.accounts import everything, foreign
from tests.onboarding.delivery.delivering import List, deliver, planned, settle
from tests.onboarding.delivery.strict_gate import StrictGate

ABSENT = object()
VARIANTS = [
    ("aws", "environment", ABSENT, True),
    ("aws", "environment", None, True),
    ("aws", "environment", "prod", True),
    ("aws", "environment", "qa", False),
    ("aws", "defaultKeyPair", ABSENT, True),
    ("aws", "defaultKeyPair", "other", False),
    ("aws", "enabled", ABSENT, True),
    ("aws", "lambdaEnabled", None, True),
    ("aws", "lambdaEnabled", True, False),
    ("aws", "permissions", {"READ": ["TEAM"], "WRITE": ["Team"]}, True),
    ("aws", "assumeRole", "arn:aws:iam::012345678901:role/spinnakerManaged", True),
    ("aws", "assumeRole", "role/other", False),
    ("aws", "regions", [{"name": "eu-west-1"}], False),
    ("ecs", "namingStrategy", ABSENT, True),
    ("ecs", "namingStrategy", None, True),
    ("ecs", "namingStrategy", "default", True),
    ("ecs", "namingStrategy", "tags", False),
    ("ecs", "awsAccount", "other", False),
    ("kubernetes", "cacheThreads", ABSENT, True),
    ("kubernetes", "cacheThreads", None, True),
    ("kubernetes", "cacheThreads", 1, True),
    ("kubernetes", "cacheThreads", 4, False),
    ("kubernetes", "checkPermissionsOnStartup", ABSENT, True),
    ("kubernetes", "checkPermissionsOnStartup", False, False),
    ("kubernetes", "onlySpinnakerManaged", ABSENT, True),
    ("kubernetes", "onlySpinnakerManaged", True, False),
    ("kubernetes", "kinds", ABSENT, True),
    ("kubernetes", "kinds", ["deployment"], False),
    ("kubernetes", "metrics", True, True),
    ("kubernetes", "environment", ABSENT, True),
    ("kubernetes", SECRET, "other", False),
]


@pytest.mark.parametrize(("type_", "field", "value", "is_equal"), VARIANTS)
def test_a_stored_value_makes_the_same_account_or_another(
    type_: str, field: str, value: Any, is_equal: bool
) -> None:
    strict = StrictGate()
    (body,) = (one for one in everything() if one.type == type_)
    whole = {**body.document, field: value}
    strict.put({key: one for key, one in whole.items() if one is not ABSENT})

    (stored,) = strict.gate.stored(type_)

    found = differing_by_effect(type_, body.name, stored.fields, body.fields)
    assert found == (() if is_equal else (field,))


def test_what_the_server_fills_in_counts_where_it_is_shown() -> None:
    (body, *_) = everything()
    less = {k: v for k, v in body.document.items() if k != "defaultKeyPair"}
    stored = comparable("aws", less)
    loaded = comparable("aws", {**less, "defaultKeyPair": "prod-keys"})

    assert differing_by_effect("aws", "prod", stored, body.fields) == ()
    found = differing_by_effect("aws", "prod", stored, body.fields, loaded)
    assert found == ("defaultKeyPair",)


def test_the_usual_values_are_those_of_adoptions() -> None:
    for type_, fields in USUAL.items():
        for field, value in fields.items():
            usual = BY_NAME[type_][field].usual
            # An adoption keeps a naming strategy that a file says.
            assert value in usual or (type_, field) == ("ecs", "namingStrategy")
    assert NAMED["aws"]["defaultKeyPair"] == KEY_PAIR.replace("{{name}}", "{}")


@pytest.mark.parametrize("regions", [5, "x", {"a": 1}, [5, None], [{}]])
def test_regions_of_any_shape_are_no_crash(regions: Any) -> None:
    (body, *_) = everything()
    stored = comparable("aws", foreign("prod", regions=regions, assumeRole=[1]))

    assert by_name(stored).keys() == stored.keys()
    assert "regions" in differing_by_effect("aws", "prod", stored, body.fields)
    assert "regions" in noticed("aws", "prod", stored, body.fields)


# What becomes of an equal account


def equal_to(body: Any) -> FoundAccounts:
    strict = StrictGate()
    strict.put({k: v for k, v in body.document.items() if k != "environment"})
    shown = Loaded(body.name, body.type, dict(body.document))
    return FoundAccounts.of(strict.gate.stored(body.type), [shown])


def test_an_equal_account_is_taken_over_by_a_persons_word_only() -> None:
    (body, *_) = everything()
    found = equal_to(body)

    left = verdict_of(body, found, None, set())
    taken = verdict_of(body, found, None, {"prod"})
    owned = verdict_of(body, found, Owned("prod", "aws", sent="then"), set())

    assert left == Left("prod", "aws", Why.EQUAL)
    assert isinstance(taken, Step)
    assert (taken.verb, taken.equal) == (Verb.TAKE_OVER, True)
    assert taken.key.after == taken.before == found.stored["prod"].digest
    assert owned is None


def test_an_equal_account_that_changed_since_the_plan_is_not_taken_over() -> None:
    strict, book = StrictGate(), List()
    (body, *_) = everything()
    strict.put(body.document)
    (step,) = planned(strict, [body], book, agreed={"prod"}).steps
    strict.stored["prod"]["externalId"] = "theirs"

    with pytest.raises(PlanOutdated):
        carry_out(step, strict.gate, book)

    assert book.rows == {}


def test_a_second_delivery_counts_what_was_taken_over_equal() -> None:
    strict, book = StrictGate(), List()
    bodies = everything()
    strict.stored = {one.name: dict(one.document) for one in bodies}
    strict.restart()
    settle(strict)

    deliver(strict, bodies, book, agreed={*strict.stored})
    again = deliver(strict, bodies, book)

    assert strict.writes == []
    assert again.steps == again.left == ()
    assert again.unchanged == ("prod", "prod-ecs", "eks-prod")
    assert book.rows.keys() == strict.stored.keys()


def test_an_ecs_account_goes_with_an_equal_aws_account_that_is_loaded() -> None:
    strict, book = StrictGate(), List()
    aws, ecs, _ = everything()
    strict.put(aws.document)
    unloaded = planned(strict, [aws, ecs], book)
    strict.restart()
    settle(strict)

    loaded = deliver(strict, [aws, ecs], book)

    assert {one.name: one.why for one in unloaded.left} == {
        "prod": Why.EQUAL,
        "prod-ecs": Why.WITHOUT_AWS_ACCOUNT,
    }
    assert [(step.name, step.after_loaded) for step in loaded.steps] == [
        ("prod-ecs", ())
    ]
    assert strict.names("PUT") == ["prod-ecs"]
