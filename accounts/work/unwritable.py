"""Whether a database refuses every write: its disk is full, or it is read-only."""

from __future__ import annotations

import sqlite3

from django.db import DatabaseError

FULL = "The disk of Bowline's database is full. Free space on it, and try again."
READ_ONLY = "Bowline's database is read-only. Make it writable, and try again."
BY_CODE = {sqlite3.SQLITE_FULL: FULL, sqlite3.SQLITE_READONLY: READ_ONLY}
BY_SQLSTATE = {"53100": FULL, "25006": READ_ONLY}
"""PostgreSQL's disk_full and read_only_sql_transaction."""
PRIMARY = 0xFF
"""The part of an extended code of SQLite that says what went wrong."""


def why_unwritable(error: BaseException | None) -> str:
    """Say why nothing can be saved; empty where the error is about something else."""
    if not isinstance(error, DatabaseError):
        return ""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return BY_CODE.get(getattr(cause, "sqlite_errorcode", 0) & PRIMARY, "")
    return BY_SQLSTATE.get(str(getattr(cause, "sqlstate", "")), "")
