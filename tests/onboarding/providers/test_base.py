from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from onboarding.checks import Call
from onboarding.providers.base import DetailsError, Provider
from tests.factories import managed, managing


@dataclass(frozen=True, slots=True)
class Plain(Provider):
    key: ClassVar[str] = "plain"
    title: ClassVar[str] = "Plain"
    size: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bare(Provider):
    key: ClassVar[str] = "bare"
    title: ClassVar[str] = "Bare"


def test_a_detail_without_default_must_be_given():
    with pytest.raises(DetailsError, match="Plain needs the detail “size”") as error:
        Plain.from_details({})

    assert error.value.field == "size"


def test_lists_are_read_as_tuples_and_given_as_lists():
    plain = Plain.from_details({"size": "s", "tags": ["a", "b"]})

    assert plain.tags == ("a", "b")
    assert plain.details == {"size": "s", "tags": ["a", "b"]}


def test_a_provider_without_details_says_so():
    with pytest.raises(DetailsError, match="it knows none"):
        Bare.from_details({"size": "s"})


def test_nested_details_are_given_as_json():
    nested = Plain("s", ({"key": ("a",)},))

    assert nested.details["tags"] == [{"key": ["a"]}]


def test_a_provider_that_looks_nothing_up_is_all_choices():
    assert Plain("s").choices() == Plain("s")


def test_a_bare_provider_needs_and_adds_nothing():
    bare, staging = Bare(), managed()

    bare.suit(staging)

    assert bare.learned({Call("eks", "list_clusters"): {}}) is bare
    assert Bare.searches(staging) == bare.lookups(staging) == bare.names(staging) == ()
    for part in (bare.grants, bare.resources, bare.checks, bare.entries):
        assert part(managing(), staging) == ()
