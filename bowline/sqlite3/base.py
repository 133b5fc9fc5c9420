"""Django's SQLite backend, in a file that its owner alone can read.

The files next to it (-wal, -shm, -journal) get the same permissions from SQLite.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

OWNER_ONLY = 0o600


def make_private(file: Path) -> None:
    """Make the file if it is missing, and take it from everybody but its owner."""
    # An existing file is not opened: to close it would drop the locks that the process
    # holds on it, and SQLite would write over what another process writes.
    with suppress(OSError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL, OWNER_ONLY))
    # Without its folder, or a right to it, SQLite says what is wrong as it connects.
    with suppress(OSError):
        for each in (file, *(Path(f"{file}{end}") for end in ("-wal", "-shm"))):
            if each.exists() and each.stat().st_mode & 0o077:
                each.chmod(OWNER_ONLY)


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if not self.is_in_memory_db():
            make_private(Path(conn_params["database"]))
        return super().get_new_connection(conn_params)
