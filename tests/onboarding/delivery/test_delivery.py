"""Whole deliveries: from any start they converge, wherever their worker is killed."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from onboarding.delivery.bodies import Body
from onboarding.delivery.carrying_out import put_back
from onboarding.delivery.loading import loaded_otherwise
from onboarding.delivery.plan import DeliveryPlan
from onboarding.delivery.transport import Answer, GateError, Kind
from tests.onboarding.delivery.accounts import (
    aws_entry,
    cluster_entry,
    ecs_entry,
    wanted,
)
from tests.onboarding.delivery.delivering import List, carry, deliver, planned, settle
from tests.onboarding.delivery.strict_gate import Killed, StrictGate, error

NAMES = "abc"
AWS = some.dictionaries(some.sampled_from(NAMES), some.sampled_from(["1", "2"]))
ECS = some.dictionaries(some.sampled_from("xyz"), some.sampled_from(NAMES))
CLUSTERS = some.sets(some.sampled_from("kl"))


@dataclass(frozen=True)
class Wish:
    """Roles of AWS accounts, AWS accounts of ECS accounts, and clusters."""

    aws: dict[str, str]
    ecs: dict[str, str]
    clusters: set[str]

    @property
    def bodies(self) -> tuple[Body, ...]:
        return wanted(
            *(
                aws_entry(name, assume_role=f"role/{role}")
                for name, role in self.aws.items()
            ),
            *(
                ecs_entry(aws, name=name)
                for name, aws in self.ecs.items()
                if aws in self.aws
            ),
            *(cluster_entry(name) for name in sorted(self.clusters)),
        )


WISHES = some.builds(Wish, AWS, ECS, CLUSTERS)


def of_others(wish: Wish) -> dict[str, dict[str, Any]]:
    """Return rows that somebody else stored, with a field that Bowline never sends."""
    return {
        body.name: {**body.document, "managingAccountProfile": "theirs"}
        if body.type == "aws"
        else dict(body.document)
        for body in wish.bodies
    }


def without(wish: Wish, names: set[str]) -> Wish:
    return Wish(
        {name: role for name, role in wish.aws.items() if name not in names},
        {name: aws for name, aws in wish.ecs.items() if name not in names},
        wish.clusters - names,
    )


def deliver_through_kills(
    strict: StrictGate, wish: Wish, book: List, kills: list[int], agreed: set[str]
) -> None:
    """Approve once, and go on with these steps after each kill."""
    plan, done = planned(strict, wish.bodies, book, agreed=agreed), set[int]()
    for kill in kills:
        strict.killed_at = kill
        try:
            carry(strict, wish.bodies, book, plan, done)
        except Killed:
            continue
        finally:
            strict.killed_at = -1
    carry(strict, wish.bodies, book, plan, done)


@settings(max_examples=80)
@given(
    theirs=WISHES,
    first=WISHES,
    second=WISHES,
    kills=some.lists(some.integers(0, 80), max_size=4),
    take_over=some.booleans(),
)
def test_from_any_start_and_through_kills_it_converges_and_leaves_others_alone(
    theirs, first, second, kills, take_over
):
    strict, book = StrictGate(ecs_alone_fails=True), List()
    others = of_others(theirs)
    strict.stored = {name: dict(one) for name, one in others.items()}
    settle(strict)
    agreed = set(others) if take_over else set()

    for wish in (first, second):
        deliver_through_kills(strict, wish, book, kills, agreed)
        settle(strict)

        again = planned(strict, wish.bodies, book, agreed=agreed)
        assert again.steps == ()
        left = {one.name for one in again.left}
        for body in wish.bodies:
            if body.name not in left:
                assert strict.stored[body.name].items() >= body.document.items()
    untouched = others if not take_over else without_wanted(others, first, second)
    for name, one in untouched.items():
        assert strict.stored[name] == one
    if not take_over:
        assert not others.keys() & {*strict.names("PUT"), *strict.names("DELETE")}


def without_wanted(
    others: dict[str, dict[str, Any]], *wishes: Wish
) -> dict[str, dict[str, Any]]:
    names = {body.name for wish in wishes for body in wish.bodies}
    return {name: one for name, one in others.items() if name not in names}


MISHAPS = ("killed", 400, 401, 403, 500, "lost", "late")
"""What happens to writes: those that are late are carried out, and nobody hears it."""


def bare(body: Body) -> dict[str, Any]:
    """Return what people store who leave out everything that they can."""
    return {key: v for key, v in body.document.items() if key not in body.unset}


@settings(max_examples=100)
@given(
    theirs=WISHES,
    wish=WISHES,
    mishaps=some.lists(
        some.tuples(some.integers(0, 80), some.sampled_from(MISHAPS)), max_size=3
    ),
    is_carried_on=some.booleans(),
    said=some.sampled_from(["more", "all", "least"]),
    in_a_list=some.booleans(),
)
def test_no_account_is_lost_that_was_not_to_be_removed(
    theirs, wish, mishaps, is_carried_on, said, in_a_list
):
    """Everything that somebody else stored is taken over, and something goes wrong."""
    strict, book = StrictGate(ecs_alone_fails=True), List()
    strict.stored = of_others(theirs)
    if said != "more":
        whole = {"all": lambda one: dict(one.document), "least": bare}[said]
        strict.stored = {one.name: whole(one) for one in theirs.bodies}
    strict.restart()
    settle(strict)
    before = {*strict.loaded}
    plan = planned(strict, wish.bodies, book, agreed=before)
    done = set[int]()

    for number, mishap in mishaps:
        go_wrong(strict, wish.bodies, book, plan, done, number, mishap, in_a_list)
    if is_carried_on:
        carry(strict, wish.bodies, book, plan, done, in_a_list=in_a_list)
    for step in plan.steps:
        put_back(step, strict.gate, book)
    settle(strict)

    assert before <= {*strict.loaded}
    assert before <= {*strict.stored}


@pytest.mark.parametrize("in_a_list", [False, True], ids=["by name", "in a list"])
@pytest.mark.parametrize("mishap", MISHAPS)
def test_nothing_is_lost_whichever_request_goes_wrong(mishap, in_a_list):
    """An ECS account is renewed and another one moves, an account is removed."""
    theirs = Wish({"a": "1", "b": "1"}, {"x": "a", "y": "a"}, {"k"})
    wish = Wish({"a": "2", "b": "1"}, {"x": "a", "y": "b"}, {"k"})
    own = wanted(aws_entry("own"))

    for number in range(0, 80, 2 if mishap == "killed" else 8):
        strict, book = StrictGate(ecs_alone_fails=True), List()
        strict.stored = {one.name: bare(one) for one in theirs.bodies}
        strict.restart()
        deliver(strict, own, book)
        settle(strict)
        before = {*strict.loaded} - {"own"}
        plan = planned(strict, wish.bodies, book, agreed=before)
        done = set[int]()

        go_wrong(strict, wish.bodies, book, plan, done, number, mishap, in_a_list)
        for step in plan.steps:
            put_back(step, strict.gate, book)
        settle(strict)
        assert before <= {*strict.loaded}, number
        carry(strict, wish.bodies, book, plan, done, in_a_list=in_a_list)
        settle(strict)

        assert before == {*strict.loaded}, number
        for name, role in wish.aws.items():
            assert strict.loaded[name]["assumeRole"] == f"role/{role}", number


def go_wrong(
    strict: StrictGate,
    bodies: tuple[Body, ...],
    book: List,
    plan: DeliveryPlan,
    done: set[int],
    number: int,
    mishap: str | int,
    in_a_list: bool,
) -> None:
    """Deliver until the worker is killed at a request, or until each write after the
    first eighth of the number fails so.
    """
    first, answer = len(strict.writes) + number // 8, strict.answer

    def answered(method: str, path: str, body: Any) -> Answer:
        if mishap == "killed" or method == "GET" or len(strict.writes) <= first:
            return answer(method, path, body)
        if isinstance(mishap, int):
            return error(mishap)
        if mishap == "late":
            answer(method, path, body)
        raise GateError(Kind.TOO_SLOW, "save it", "Gate didn't answer.")

    strict.answer = answered  # type: ignore[method-assign]
    if mishap == "killed":
        strict.killed_at = number
    with suppress(Killed, GateError):
        carry(strict, bodies, book, plan, done, in_a_list=in_a_list)
    strict.killed_at = -1
    del strict.__dict__["answer"]


@settings(max_examples=60)
@given(first=WISHES, second=WISHES, kills=some.lists(some.integers(0, 80), max_size=4))
def test_what_is_loaded_in_the_end_is_what_is_wanted_and_nothing_else(
    first, second, kills
):
    strict, book = StrictGate(ecs_alone_fails=True), List()

    for wish in (first, second):
        deliver_through_kills(strict, wish, book, kills, set())
        settle(strict)

    bodies = {body.name: body for body in second.bodies}
    assert strict.loaded.keys() == bodies.keys()
    assert strict.reloads.keys() <= first.aws.keys()
    for name, body in bodies.items():
        loaded = strict.loaded[name]
        if body.type != "ecs":
            assert loaded_otherwise(body, loaded) == ()
        else:
            assert loaded["awsAccount"] == body.aws_account
            was = json.loads(loaded["was"])["assumeRole"]
            assert was == f"role/{second.aws[body.aws_account]}"


@settings(max_examples=60)
@given(wish=WISHES, kill=some.integers(0, 80))
def test_nothing_is_sent_twice_after_a_kill(wish, kill):
    strict, book = StrictGate(), List()

    deliver_through_kills(strict, wish, book, [kill], set())

    assert sorted(strict.names("PUT")) == sorted({*strict.names("PUT")})


def test_a_thousand_accounts_cost_two_requests_each_and_nothing_when_unchanged():
    strict, book = StrictGate(), List()
    bodies = wanted(*(aws_entry(f"a{number:04}") for number in range(1_000)))

    deliver(strict, bodies, book)
    requests = len(strict.requests)
    deliver(strict, bodies, book)

    assert len(strict.writes) == 1_000
    assert requests < 2_050
    assert len(strict.requests) - requests < 50


def test_zones_that_clouddriver_fills_in_are_no_difference() -> None:
    (body,) = wanted(aws_entry("a"))
    zones = {"availabilityZones": ["us-east-1a"], "preferredZones": ["us-east-1a"]}
    regions = [{**one, **zones} for one in body.document["regions"]]
    loaded = {**body.document, "type": "aws", "regions": regions}

    assert loaded_otherwise(body, loaded) == ()
    more = {**loaded, "regions": [*regions, {"name": "eu-west-2", **zones}]}
    assert [one.field for one in loaded_otherwise(body, more)] == ["regions"]
