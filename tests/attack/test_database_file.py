"""Tried: read the database's file, or the ones that SQLite writes next to it, as
another user of the same machine.

Refused: whoever makes the file makes it for its owner alone, and one that was readable
before is closed when it is opened.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from stat import S_IMODE

import pytest
from django.db import connection
from django.db.utils import OperationalError

from bowline.environment.variables import database
from bowline.sqlite3.base import DatabaseWrapper

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def write_into(file: Path) -> dict[str, int]:
    """Write a row, and give the permissions of all files while it is open."""
    plain = dict(connection.settings_dict)
    wrapper = DatabaseWrapper({**plain, **database(f"sqlite:///{file}")}, "other")
    with closing(wrapper), wrapper.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS kept (word TEXT)")
        cursor.execute("INSERT INTO kept VALUES ('external ID')")
        return {
            path.name: S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()
        }


def test_the_site_uses_the_backend_that_closes_its_file() -> None:
    assert database("sqlite:////srv/b.sqlite3")["ENGINE"] == "bowline.sqlite3"


def test_a_new_database_is_its_owners_alone(tmp_path: Path) -> None:
    modes = write_into(tmp_path / "b.sqlite3")

    assert modes == dict.fromkeys(
        ("b.sqlite3", "b.sqlite3-shm", "b.sqlite3-wal"), 0o600
    )


def test_a_database_that_others_could_read_is_closed_with_what_is_next_to_it(
    tmp_path: Path,
) -> None:
    file = tmp_path / "b.sqlite3"
    write_into(file)
    for name in ("b.sqlite3", "b.sqlite3-wal", "b.sqlite3-shm"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)

    assert set(write_into(file).values()) == {0o600}


def test_a_missing_folder_is_still_told_by_sqlite(tmp_path: Path) -> None:
    with pytest.raises(OperationalError, match="unable to open database file"):
        write_into(tmp_path / "missing" / "b.sqlite3")
