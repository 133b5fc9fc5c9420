"""A SQLite file: its dump, its rows, and everything that its tables are made of."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

from django.db.backends.sqlite3._functions import register

SCHEME = "sqlite:///"
LISTED = re.compile(r"(?<=\()'\w+'(,'\w+')+(?=\))")
"""What Django writes from a set, in the order of that day."""


def opened(url: str) -> closing[sqlite3.Connection]:
    """Open it with the functions of Django that its generated columns call."""
    connection = sqlite3.connect(url.removeprefix(SCHEME))
    register(connection)
    return closing(connection)


def dump(url: str) -> bytes:
    with opened(url) as connection:
        return "\n".join(connection.iterdump()).encode()


def load(dumped: bytes, url: str) -> None:
    with opened(url) as connection:
        connection.executescript(dumped.decode())


def rows(url: str) -> dict[str, list[dict[str, object]]]:
    """Return the rows of each table."""
    with opened(url) as connection:
        connection.row_factory = sqlite3.Row
        names = connection.execute(
            "SELECT name FROM sqlite_master"
            " WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        return {
            name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')]
            for (name,) in names.fetchall()
        }


def parts(url: str) -> set[str]:
    """Read them in the statements: SQLite keeps no other word of checks, for one."""
    with opened(url) as connection:
        made = connection.execute(
            "SELECT type, name, sql FROM sqlite_master"
            " WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
    found = set()
    for kind, name, statement in made:
        text = LISTED.sub(in_order, re.sub(r"\s+", " ", statement))
        if kind == "table":
            found |= {f"{name}: {part}" for part in columns_and_constraints(text)}
        else:
            found.add(text)
    return found


def in_order(listed: re.Match[str]) -> str:
    return ",".join(sorted(listed[0].split(",")))


def columns_and_constraints(statement: str) -> Iterator[str]:
    """Yield them one by one: their order differs where a column came later."""
    depth, part = 0, ""
    for character in statement[statement.index("(") + 1 : statement.rindex(")")]:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and not depth:
            yield part.strip()
            part = ""
        else:
            part += character
    yield part.strip()
