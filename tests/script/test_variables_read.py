"""Which variables the code reads is found by parsing it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from script.variables_read import Read, reading_functions, readings, variables_read

SOURCE = """
import os

def env_list(name):
    return os.environ.get(name, "").split(",")

def env_networks(name):
    return [network(part) for part in env_list(name)]

def elsewhere(name):
    return os.environ.get("FIXED", name)
"""


def found_in(source: str) -> list[Read]:
    def all_of() -> Iterator[Read]:
        trees = [ast.parse(SOURCE), ast.parse(source)]
        yield from readings(trees[1], reading_functions(trees))

    return [*all_of()]


def test_a_function_that_passes_its_argument_on_reads_the_variable() -> None:
    readers = reading_functions([ast.parse(SOURCE)])

    assert readers == {"os.environ.get", "os.getenv", "env_list", "env_networks"}


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ('os.environ.get("A_B")', Read("A_B", "os.environ.get", None)),
        ('os.getenv("A") or "x"', Read("A", "os.getenv", "x")),
        ('os.environ["A"]', Read("A", "os.environ", None)),
        ('env_networks("A")', Read("A", "env_networks", None)),
        ('env_list("A", default=16)', Read("A", "env_list", "16")),
        ('env_list("A", default=True)', Read("A", "env_list", "true")),
    ],
)
def test_a_reading_names_the_variable_its_reader_and_its_default(
    source: str, read: Read
) -> None:
    assert found_in(source) == [read]


def test_a_choice_has_its_words_and_the_first_is_the_default() -> None:
    source = (
        "def env_choice(name, choices): return os.environ.get(name)\n"
        'env_choice("FORM", ("line", "json"))'
    )

    assert found_in(source) == [Read("FORM", "env_choice", "line", ("line", "json"))]


@pytest.mark.parametrize(
    "source", ['os.environ["A"] = "x"', "env_list(name)", 'elsewhere("A")']
)
def test_what_reads_no_named_variable_is_none(source: str) -> None:
    assert found_in(source) == []


def test_it_finds_those_of_the_site() -> None:
    read = variables_read()

    assert len(read) > 40
    assert read["KEEP_CHECKS_DAYS"] == Read("KEEP_CHECKS_DAYS", "env_days", "90")
    assert read["OIDC_CLIENT_SECRET"].reader == "required"
    assert "HALCONFIG_DIR" not in read
