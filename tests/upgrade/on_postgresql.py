"""A database of PostgreSQL: its dump, its rows, and what its tables are made of."""

from __future__ import annotations

import os
import re
import subprocess
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from script.servers import POSTGRESQL
from tests.upgrade import on_sqlite

WRITTEN: LiteralString = """
    SELECT relname::text, array_agg(attname::text) FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    GROUP BY relname
"""
"""Every table's columns, without generated ones."""
NUMBERED: LiteralString = """
    SELECT relname::text, attname::text FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND attidentity <> ''
"""
"""Every column that the database numbers by itself."""
CONTINUE = "SELECT setval(pg_get_serial_sequence({}, {}), max({})) FROM {}"
PARTS: LiteralString = """
    SELECT concat_ws(' ', relname || ':', attname,
        format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END,
        attidentity::text, attgenerated::text, nullif(attcollation, 0)::regcollation,
        pg_get_expr(adbin, adrelid))
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
"""
"""Columns, constraints, indexes, triggers and functions, a text each. Of a column that
is not null, the constraint's name may be one that the column had before.
"""
CASTS = re.compile(r"::(text|character varying)(\[\])?|[()]")
"""What PostgreSQL writes in another way after a dump was loaded."""
UNIQUE = re.compile(r"\baccounts_\w+_(key|[0-9a-f]{8}_uniq)\b")
"""A name that Django does not know: it depends on when the column became unique."""


def client(program: str, *arguments: str, given: bytes = b"") -> bytes:
    """Run PostgreSQL's own client, which comes with the server of the tests."""
    done = subprocess.run(
        [str(POSTGRESQL / "bin" / program), *arguments],
        input=given,
        # Whatever this shell knows of another PostgreSQL does not count.
        env={k: v for k, v in os.environ.items() if not k.startswith("PG")},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def dump(url: str) -> bytes:
    return client("pg_dump", "--no-owner", url)


def load(dumped: bytes, url: str) -> None:
    client("psql", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-", url, given=dumped)


def rows(url: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each table."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        every = sql.SQL("SELECT * FROM {}")
        names = [one["relname"] for one in connection.execute(WRITTEN)]
        return {
            name: connection.execute(every.format(sql.Identifier(name))).fetchall()
            for name in names
        }


def parts(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        found = connection.execute(PARTS).fetchall()
    return {UNIQUE.sub("unique", CASTS.sub("", part)) for (part,) in found}


def copy_from_sqlite(file: str, url: str) -> None:
    """Replace all rows by those of a SQLite file that has the same migrations."""
    with on_sqlite.opened(file) as old, psycopg.connect(url) as new:
        new.execute("SET TIME ZONE 'UTC'")
        # No foreign key is looked at, and the activity log can be emptied.
        new.execute("SET session_replication_role = replica")
        tables = new.execute(WRITTEN).fetchall()
        names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in tables)
        new.execute(sql.SQL("TRUNCATE {}").format(names))
        for name, columns in tables:
            listed = ", ".join(f'"{column}"' for column in columns)
            found = old.execute(f'SELECT {listed} FROM "{name}"').fetchall()
            insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                sql.Identifier(name),
                sql.SQL(", ").join(map(sql.Identifier, columns)),
                sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
            )
            with new.cursor() as cursor:
                cursor.executemany(insert, [[*map(untyped, row)] for row in found])
        for name, column in new.execute(NUMBERED).fetchall():
            identifiers = sql.Identifier(column), sql.Identifier(name)
            literals = sql.Literal(name), sql.Literal(column)
            new.execute(sql.SQL(CONTINUE).format(*literals, *identifiers))


def untyped(value: Any) -> Any:
    """Give text, which PostgreSQL reads as whatever the column holds."""
    return value if value is None or isinstance(value, bytes) else str(value)
