from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onboarding.checks import Call
from onboarding.providers.base import Provider, not_recommended
from tests.factories import managed, managing, provider


@dataclass(frozen=True, slots=True)
class Bare(Provider):
    key: ClassVar[str] = "bare"
    title: ClassVar[str] = "Bare"


def test_a_provider_that_looks_nothing_up_is_all_choices():
    assert Bare().choices() == Bare()


def test_a_bare_provider_needs_and_adds_nothing():
    bare, staging = Bare(), managed()

    bare.suit(staging)

    assert bare.learned({Call("eks", "list_clusters"): {}}) is bare
    assert Bare.searches(staging) == bare.lookups(staging) == bare.names(staging) == ()
    for part in (bare.grants, bare.resources, bare.checks, bare.entries):
        assert part(managing(), staging) == ()


def test_a_discouraged_choice_is_told_once_for_all_its_providers() -> None:
    account = managed(
        provider("ec2", access="power-user"),
        provider("ecs", access="power-user", tasks_as_managed_role=True),
    )

    power, lends = not_recommended(account)

    assert power.titles == "EC2 and ECS"
    assert power.sentence.startswith("With PowerUserAccess, Spinnaker")
    assert lends.titles == "ECS"
    assert lends.sentence.startswith("Fargate tasks without an execution role")


def test_usual_choices_are_not_warned_of() -> None:
    assert not_recommended(managed(provider("ec2"), provider("lambda"))) == ()
