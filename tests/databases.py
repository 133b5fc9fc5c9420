"""The test's database: a copy of one that is migrated once, for each worker."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.servers import database_url

ROOT = Path(__file__).parent.parent
MAKES_TABLES = (
    "requirements-dev.txt",
    "bowline/settings.py",
    "tests/databases.py",
    "tests/settings.py",
    "accounts/migrations/*.py",
)
"""Files that decide what a migrated database has."""


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """Copy the migrated database, and connect to the copy.

    SQLite's is a file: a worker could not open what is in another's memory.
    """
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            copy = tmp_path_factory.mktemp("database") / "bowline.sqlite3"
            shutil.copyfile(migrated_file(), copy)
            use(str(copy))
            yield
            return
        worker = getattr(request.config, "workerinput", {}).get("workerid", "alone")
        with copy_on_server(f"test_{worker}") as name:
            use(name)
            # Tests that commit empty every table.
            with connection.cursor() as cursor:
                cursor.execute(
                    "ALTER TABLE accounts_activity"
                    " DISABLE TRIGGER activity_is_never_emptied"
                )
            yield
            connection.close()


def use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def migrate() -> None:
    """Migrate the database in use by a process of its own, which loads what it needs
    for that.
    """
    subprocess.run(
        # Single sign-on's tables come without migrations: see tests.settings.
        [sys.executable, "manage.py", "migrate", "--run-syncdb", "--verbosity=0"],
        cwd=ROOT,
        env=os.environ
        | {
            "DATABASE_URL": database_url(),
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        },
        check=True,
    )


def migrated_file() -> Path:
    """Return the migrated SQLite file, made anew where what decides on it changed."""
    sources = (file for name in MAKES_TABLES for file in sorted(ROOT.glob(name)))
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in sources))
    folder = ROOT / "var"
    made = folder / f"migrated-{digest.hexdigest()[:16]}.sqlite3"
    with (folder / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            for earlier in folder.glob("migrated-*.sqlite3*"):
                earlier.unlink()
            unfinished = made.with_suffix(".unfinished")
            unfinished.unlink(missing_ok=True)
            use(str(unfinished))
            migrate()
            unfinished.rename(made)
    return made


@contextmanager
def copy_on_server(name: str) -> Iterator[str]:
    """Copy the migrated database of a PostgreSQL, and drop the copy at the end."""
    with connection._nodb_cursor() as cursor:
        # Of all workers the first one makes it; it waits for whoever still uses it.
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATED_LOCK])
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [MIGRATED])
        if not cursor.fetchone():
            cursor.execute(f"CREATE DATABASE {MIGRATED}")
            use(MIGRATED)
            migrate()
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {MIGRATED}")
    yield name
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


MIGRATED, MIGRATED_LOCK = "bowline_migrated", 4_711_000
