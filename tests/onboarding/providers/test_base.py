from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onboarding.checks import Call
from onboarding.providers.base import Provider
from tests.factories import managed, managing


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
