"""Rows as files: what a spreadsheet and a script read."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from accounts.lists.declaration import cell, csv_lines, json_lines


@pytest.mark.parametrize("value", ["=1", ["=1", "=1"]])
def test_no_text_is_a_formula(value) -> None:
    heading, row = csv_lines({"=name": lambda row: row}, [value])

    assert heading == '"\'=name"\r\n'
    assert row.startswith("\"'=1")
    assert ",=" not in row.replace(" ", "")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        (0, "0"),
        ("a=b", "a=b"),
        (["us-east-1", "eu-west-1"], "us-east-1, eu-west-1"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05+00:00"),
    ],
)
def test_what_is_no_formula_stays(value, written: str) -> None:
    assert cell(value) == written


@pytest.mark.parametrize("rows", [[], ["a"], ["a", "b", '"<&']])
def test_json_holds_all_rows(rows: list[str]) -> None:
    written = "".join(json_lines({"name": lambda row: row}, rows))

    assert json.loads(written) == [{"name": row} for row in rows]
