"""Tried: formulas of spreadsheets in cells of CSV: at the beginning, after another
separator than the file's, behind line breaks, quotes and invisible characters, in full
width.

Refused: every cell is quoted, and an apostrophe is before each sign with which a
formula could begin. An accounts file that was exported is read as what was exported.
"""

from __future__ import annotations

import ast
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding import names
from onboarding.accounts_file import read_accounts_file
from onboarding.accounts_file.spreadsheet import csv_row, guarded, unguarded
from onboarding.accounts_file.writing import account_written, csv_text
from onboarding.topology import Permissions
from tests.bundles import eks
from tests.factories import description, managed, provider

ROOT = Path(__file__).parents[2]
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
UNSEEN = "\xa0\ufeff\u200b\u3000\x00\x1f \"'"
ALPHABET = f"a1[{{&*;,|\t\n\r\x0b\x85\u2028{SIGNS}{UNSEEN}"
FORMULAS = (
    "=1",
    "+1",
    "-1",
    "@a",
    "\uff1d1",
    "x;=HYPERLINK(1);",
    "x,=1",
    "x\t=1",
    "x|@a",
    "x\n=1",
    "\n\n=1",
    "\xa0=1",
    "\ufeff=1",
    "\u200b\uff0b1",
    'x;"=1;"',
    "x; \u200b=1",
)
PLAIN = (
    "",
    "a-b",
    "a=b",
    "ops @ night",
    "2026-11-29T10:00:00+00:00",
    "'a",
    "us-east-1",
)


def opened(text: str) -> Iterator[str]:
    """Yield the cells of a file as spreadsheets of any setting could make them, without
    what they leave out at the beginning.
    """
    found = re.split(r"[;,|\t\n\r\x0b\x85\u2028]", text)
    for delimiter in ",;|\t":
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            found += row
    yield from (cell.lstrip('\xa0\ufeff\u200b\u3000\x00\x1f "\t\n\r') for cell in found)


def formulas(text: str) -> list[str]:
    return [cell for cell in opened(text) if cell.startswith(tuple(SIGNS))]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_that_some_spreadsheet_would_calculate(text: str) -> None:
    assert formulas(f"plain,{text}")

    assert formulas(csv_row(["plain", text, "plain"])) == []


@given(st.lists(st.text(ALPHABET, max_size=12), min_size=1, max_size=3))
def test_no_cell_of_any_text_is_a_formula(cells: list[str]) -> None:
    row = csv_row(cells)

    assert formulas(row) == []
    (again,) = csv.reader(io.StringIO(row, newline=""), strict=True)
    assert [unguarded(cell) for cell in again] == cells


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_formula_stays(text: str) -> None:
    assert guarded(text) == text
    assert csv_row([text]) == f'"{text}"\r\n'


def roles() -> st.SearchStrategy[tuple[str, ...]]:
    text = st.text(ALPHABET, min_size=1, max_size=8).map(str.strip)
    role = text.filter(names.FIAT_ROLE.regex.fullmatch)
    return st.lists(role, max_size=3, unique=True).map(tuple)


@given(roles(), roles(), st.sampled_from(["", "o-1", "a=b:@c"]))
def test_an_exported_account_is_read_as_it_was(
    readers: tuple[str, ...], writers: tuple[str, ...], key_pair: str
) -> None:
    account = managed(
        provider("ec2", key_pair=key_pair),
        provider("ecs", access="read"),
        eks({"namespaces": ["web", "db"]}).choices(),
        environment="staging",
        permissions=Permissions(readers, writers),
        access_role="=+,.@-role",
    )
    written = account_written(description(account, uses_external_id=False))

    (again,) = read_accounts_file(csv_text([written]).encode(), csv=True).accounts

    assert again.managed == account


def test_one_function_writes_csv() -> None:
    """Whoever uses the module `csv` to write would write formulas."""
    calls = {
        str(path.relative_to(ROOT))
        for folder in ("accounts", "onboarding", "bowline")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in {("csv", "writer"), ("csv", "DictWriter")}
    }

    assert calls == {"onboarding/accounts_file/spreadsheet.py"}
