"""IAM's patterns, compared with a reference that is too simple to be wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.resources.wildcards import Texts, matches
from tests.growth import steps_of

TEXT = st.text("ab", max_size=9)
PATTERN = st.text("ab*?", max_size=9)


def fits(text: str, pattern: str) -> bool:
    """Fill the table of which beginning of the pattern fits which one of the text."""
    fitting = [True] + [False] * len(text)
    for sign in pattern:
        longer = [sign == "*" and fitting[0]]
        for at, found in enumerate(text):
            if sign == "*":
                longer.append(longer[at] or fitting[at + 1])
            else:
                longer.append(fitting[at] and sign in ("?", found))
        fitting = longer
    return fitting[-1]


@given(TEXT, PATTERN)
def test_it_matches_as_the_reference_does(text: str, pattern: str) -> None:
    assert matches(text, pattern) is fits(text, pattern)


@given(st.lists(TEXT, max_size=8), PATTERN)
def test_many_texts_match_as_each_of_them_does(texts: list[str], pattern: str) -> None:
    known = Texts(texts)

    found = known.chosen(known.matching(pattern))

    assert sorted(found) == sorted(text for text in texts if fits(text, pattern))


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("s3:[get]object", "s3:[get]*", True),
        ("s3:g", "s3:[get]", False),
        ("s3:getobject", "S3:*", False),
        ("a.c", "a?c", True),
        ("abc", "a.c", False),
        ("a\nc", "a*c", True),
        ("a\0", "a", False),
        ("a", "a\0", False),
        ("", "", True),
        ("", "?", False),
        ("ab", "ab*b", False),
        ("aab", "*ab*b", False),
        ("cab", "*a?*b", False),
        ("abab", "*ab*b", True),
    ],
)
def test_all_but_two_signs_are_themselves(
    text: str, pattern: str, expected: bool
) -> None:
    assert matches(text, pattern) is expected


def test_many_texts_match_in_either_case_and_stay_as_they_are() -> None:
    known = Texts(["ec2:RunInstances", "İ:Thing", "s3:GetObject"])

    found = {*known.chosen(known.matching("EC2:*"))}

    assert found == {"ec2:RunInstances"}
    assert {*known.chosen(known.matching("*thing"))} == {"İ:Thing"}
    assert known.matching("a\0") == known.matching("\0*") == 0
    assert known.every & ~known.matching("*:?*") == 0


WORST: list[Callable[[int], str]] = [
    lambda size: "*" * size + "_",
    lambda size: "*?" * size + "_",
    lambda size: "*a" * size + "_",
    lambda size: "*aa?" * size + "_",
    lambda size: "*" + "?a" * size + "_*",
    lambda size: "?" * size + "*_",
]


@pytest.mark.parametrize("worst", WORST)
def test_a_pattern_takes_no_more_steps_than_both_lengths(
    worst: Callable[[int], str],
) -> None:
    text = "a" * 300

    once, twice = (
        steps_of(lambda size=size: matches(text, worst(size)))  # type: ignore[misc]
        for size in (40, 80)
    )

    assert twice < 2.2 * once + 20
    assert twice < 3 * len(text) * len(worst(80))


@pytest.mark.parametrize("worst", WORST)
def test_a_pattern_of_many_texts_takes_no_more_steps_than_both_lengths(
    worst: Callable[[int], str],
) -> None:
    few, many = (
        Texts("a" * (60 + number % 10) for number in range(count))
        for count in (50, 5_000)
    )
    for known in (few, many):
        known.matching("a_?\0")  # what is kept of each sign

    steps = [steps_of(lambda k=known: k.matching(worst(30))) for known in (few, many)]  # type: ignore[misc]

    assert steps[0] == steps[1]
    assert steps[1] < 5 * 71 * (len(worst(30)) + 1)
