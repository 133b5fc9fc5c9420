"""An AWS Region has a capital wherever people read of it, as in AWS's documentation."""

from __future__ import annotations

import ast
import re

import pytest

from tests.english import (
    SHOWN,
    Banned,
    Words,
    everything,
    found_in,
    shown,
    strings,
    text_of,
)

KEYS = {
    "onboarding/spinnaker/bundle/formats/hal/known.py",
    "onboarding/spinnaker/halconfig/schema.py",
}
"""Files with texts that are lists of Spinnaker's keys."""
REGION = re.compile(r"(?<![\w/.{$-])regions?(?![\w/(=}-]|\.\w)")
KEPT = re.compile(
    # The description of a policy, which AWS never changes: a template replaces it.
    "Clouddriver asks for regions and zones when it starts"
    # The name of a check, by which results of earlier releases are compared.
    "|Look up regions as Spinnaker's identity"
    # A state as the API and stored filters have it; pages show another word.
    "|, some regions"
)
"""What stays in lower case."""


def test_an_aws_region_has_a_capital() -> None:
    ban = Banned("region", "Region, as AWS does", REGION)
    found = [
        str(finding)
        for path in everything((*SHOWN, "docs/developers/*.md", "docs/pages/*.md"))
        if path not in KEYS
        for line, words in shown_by_the_api(path) or shown(path, text_of(path))
        for finding in found_in(path, [(line, KEPT.sub("", words))], [ban])
    ]

    assert not found, "\n" + "\n".join(found)


def shown_by_the_api(path: str) -> list[Words]:
    """Return what a module of the API says: docstrings describe its operations."""
    of_api = path.startswith("accounts/api/v1/")
    return [*strings(ast.parse(text_of(path)))] if of_api else []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('SAYS = "Name at least one region."', [1]),
        ('SAYS = f"No {one} in the region {region}"', [1]),
        ('SAYS = f"The Region {region} in {regions}"', []),
        ('SAYS = "aws ec2 --region {region} regions=x"', []),
        ('KEY = "region"', []),
    ],
)
def test_a_region_is_told_from_a_key(text: str, lines: list[int]) -> None:
    ban = Banned("region", "Region", REGION)

    assert [one.line for one in found_in("a.py", shown("a.py", text), [ban])] == lines
