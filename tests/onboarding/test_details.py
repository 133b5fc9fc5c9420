from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from onboarding.details import DetailsError, ProviderDetails


@dataclass(frozen=True, slots=True)
class Plain(ProviderDetails):
    key: ClassVar[str] = "plain"
    title: ClassVar[str] = "Plain"
    size: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bare(ProviderDetails):
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
