"""Making the database's file private takes no lock from those that hold one."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

from bowline.sqlite3.base import make_private

WRITE = """\
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
database.execute("BEGIN IMMEDIATE")
"""


def test_another_process_still_meets_the_lock(tmp_path: Path) -> None:
    file = tmp_path / "bowline.sqlite3"
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("CREATE TABLE kept (number)")
    holder.execute("BEGIN IMMEDIATE")

    make_private(file)
    other = subprocess.run(
        [sys.executable, "-c", WRITE, str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    holder.close()

    assert "database is locked" in other.stderr


def test_a_file_that_is_missing_is_made_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "bowline.sqlite3"

    make_private(file)

    assert file.stat().st_mode & 0o777 == 0o600
