"""Which stored bodies make the same account: absent, null, default and other values."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.carried.table import SECRET
from onboarding.delivery.bodies import (
    by_name,
    comparable,
    differing_by_effect,
    noticed,
    problems,
)
from onboarding.delivery.carrying_out import carry_out
from onboarding.delivery.gate import Loaded
from onboarding.delivery.loading import loaded_otherwise
from onboarding.delivery.verdicts import FoundAccounts, Left, Owned, Step, Verb, Why
from onboarding.delivery.verdicts import saving as verdict_of
from onboarding.resources.plan import PlanOutdated
from onboarding.topology import Permissions
from tests.onboarding.delivery.accounts import (
    aws_entry,
    ecs_entry,
    everything,
    foreign,
    wanted,
)
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
    assert differing_by_effect(type_, body.name, body.fields, stored.fields) == found


def test_what_the_server_fills_in_counts_where_it_is_shown() -> None:
    (body, *_) = everything()
    less = {k: v for k, v in body.document.items() if k != "defaultKeyPair"}
    stored = comparable("aws", less)
    loaded = comparable("aws", {**less, "defaultKeyPair": "prod-keys"})

    assert differing_by_effect("aws", "prod", stored, body.fields) == ()
    found = differing_by_effect("aws", "prod", stored, body.fields, loaded)
    assert found == ("defaultKeyPair",)


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


# What nobody set


LEAST: dict[str, dict[str, Any]] = {
    "prod": {
        "type": "aws",
        "name": "prod",
        "accountId": "012345678901",
        "permissions": {"READ": ["Team A"], "EXECUTE": ["Ops"], "WRITE": ["team"]},
    },
    "prod-ecs": {"type": "ecs", "name": "prod-ecs", "awsAccount": "prod"},
}
"""What people stored, with nothing that they can leave out."""
PLAIN: dict[str, Any] = {
    "regions": ("us-east-1",),
    "permissions": Permissions(("Team A",), ("team",)),
    "carried": {"permissions": {"EXECUTE": ["Ops"]}},
}


@pytest.fixture(params=[True, False], ids=["template", "no template"])
def theirs(request: pytest.FixtureRequest) -> StrictGate:
    """Load what people stored, in a Spinnaker with or without the stock template."""
    strict = StrictGate(has_template=request.param)
    strict.stored = {name: dict(one) for name, one in LEAST.items()}
    strict.restart()
    settle(strict)
    return strict


def test_what_is_missing_is_equal_and_nothing_is_sent(theirs: StrictGate) -> None:
    both = wanted(aws_entry(**PLAIN), ecs_entry())

    left = planned(theirs, both, List())
    deliver(theirs, both, List(), agreed={*LEAST})

    assert {one.name: one.why for one in left.left} == dict.fromkeys(LEAST, Why.EQUAL)
    assert theirs.writes == []


@pytest.mark.parametrize(
    ("change", "becomes"),
    [
        ({"lambda_enabled": True}, {"lambdaEnabled": True}),
        ({"key_pair": "keys"}, {"defaultKeyPair": "keys"}),
        ({"environment": "qa"}, {"environment": "qa"}),
        ({"session_name": "Other"}, {"sessionName": "Other"}),
        ({"external_id": "x-1"}, {"externalId": "x-1"}),
        ({"assume_role": "role/other"}, {"assumeRole": "role/other"}),
        ({"regions": ("eu-west-1",)}, {"regions": [{"name": "eu-west-1"}]}),
    ],
)
def test_a_delivery_writes_what_changed_and_keeps_what_is_missing(
    theirs: StrictGate, change: dict[str, Any], becomes: dict[str, Any]
) -> None:
    book = List()
    (body,) = wanted(aws_entry(**{**PLAIN, **change}))

    plan = deliver(theirs, [body], book, agreed={"prod"})
    settle(theirs)
    again = deliver(theirs, [body], book)

    (step,) = plan.steps
    assert step.differing == (*becomes,)
    assert theirs.stored["prod"] == {**LEAST["prod"], **becomes}
    assert theirs.stored["prod-ecs"] == LEAST["prod-ecs"]
    assert (again.steps, again.unchanged) == ((), ("prod",))
    assert step.body is not None
    assert loaded_otherwise(step.body, theirs.loaded["prod"]) == ()
    assert loaded_otherwise(body, theirs.loaded["prod"]) == ()


def test_a_key_pair_that_no_one_set_is_not_awaited_where_there_is_none() -> None:
    (body,) = wanted(aws_entry(**PLAIN))
    (chosen,) = wanted(aws_entry(**PLAIN, key_pair="keys"))
    loaded = {**body.document, "defaultKeyPair": None}

    assert loaded_otherwise(body, loaded) == ()
    assert [one.field for one in loaded_otherwise(chosen, loaded)] == ["defaultKeyPair"]


def test_an_ecs_account_moves_without_what_nobody_set(theirs: StrictGate) -> None:
    book = List()
    both = wanted(
        aws_entry(**PLAIN), aws_entry("dev", **PLAIN), ecs_entry("dev", name="prod-ecs")
    )

    deliver(theirs, both, book, agreed={*LEAST})
    settle(theirs)

    assert theirs.stored["prod-ecs"] == {**LEAST["prod-ecs"], "awsAccount": "dev"}
    assert "prod-ecs" in theirs.loaded


def test_a_new_account_says_everything(theirs: StrictGate) -> None:
    """Otherwise Clouddriver would load it again at each poll."""
    (body,) = wanted(aws_entry("new", **PLAIN))

    deliver(theirs, [body], List())
    settle(theirs)

    assert theirs.stored["new"]["defaultKeyPair"] == "new-keypair"
    assert theirs.stored["new"].keys() == body.document.keys()
    assert theirs.reloads["new"] == 0


def test_who_can_write_is_in_lower_case_and_others_are_as_written() -> None:
    groups = Permissions((" Team A ",), (" Team B ",))

    (body,) = wanted(aws_entry(permissions=groups))

    assert body.document["permissions"] == {"READ": ["Team A"], "WRITE": ["team b"]}
    assert not [*problems([body])]


def test_a_key_pair_that_somebody_set_is_sent_where_there_is_no_template() -> None:
    strict = StrictGate(has_template=False)
    strict.stored = {"prod": dict(LEAST["prod"])}
    strict.restart()
    settle(strict)
    (body,) = wanted(aws_entry(**PLAIN, key_pair="prod-keypair"))

    deliver(strict, [body], List(), agreed={"prod"})

    assert strict.stored["prod"]["defaultKeyPair"] == "prod-keypair"
