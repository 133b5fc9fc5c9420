from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from onboarding.details import (
    DetailsError,
    ProviderDetails,
    require,
    require_no_doubles,
    require_one_of,
)
from onboarding.names import NAMESPACE


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


def test_the_first_bad_name_is_told():
    with pytest.raises(DetailsError, match="“B”"):
        require("field", NAMESPACE, "a", "B", "C")


def test_one_of_the_known_passes():
    assert require_one_of("field", ("a", "b"), "b") is None


def test_none_of_the_known_is_refused_with_them():
    with pytest.raises(DetailsError, match="Choose one of a, b"):
        require_one_of("field", ("a", "b"), "c")


def test_a_name_that_is_listed_twice_is_refused():
    with pytest.raises(DetailsError, match="“b” is listed twice"):
        require_no_doubles("field", ("a", "b", "b"))
