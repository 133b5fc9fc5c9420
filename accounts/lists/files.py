"""Rows as a CSV or JSON file, line by line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from django.utils import timezone

from onboarding.accounts_file.spreadsheet import csv_row

Value: TypeAlias = str | int | datetime | list[str] | None

Columns: TypeAlias = Mapping[str, Callable[[Any], Value]]

AT_ONCE = 1000
"""The rows that are read at once."""

KINDS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def dated(name: str, form: str) -> str:
    return f"bowline-{name}-{timezone.now():%Y-%m-%d}.{form}"


def cells_of(columns: Columns, row: Any) -> dict[str, Value]:
    return {name: value(row) for name, value in columns.items()}


def lines_of_file(form: str, columns: Columns, rows: Iterable[Any]) -> Iterator[str]:
    return {"csv": csv_lines, "json": json_lines}[form](columns, rows)


def csv_lines(columns: Columns, rows: Iterable[Any]) -> Iterator[str]:
    yield csv_row(columns)
    for row in rows:
        yield csv_row(map(cell, cells_of(columns, row).values()))


def cell(value: Value) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat()
        case list():
            return ", ".join(value)
    return str(value)


def json_lines(columns: Columns, rows: Iterable[Any]) -> Iterator[str]:
    before = "["
    for row in rows:
        text = json.dumps(cells_of(columns, row), default=datetime.isoformat)
        yield f"{before}\n{text}"
        before = ","
    yield "\n]\n" if before == "," else "[]\n"
