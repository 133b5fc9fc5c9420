"""Databases that earlier versions wrote, each upgraded by today's `migrate`.

`recording.py` says how they were made.
"""

from __future__ import annotations

import io
import json
import lzma
import re
import tarfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from types import ModuleType
from typing import Any

import psycopg
import pytest
from psycopg.errors import UniqueViolation

from onboarding import VERSION
from script.emulated_organization import seed
from script.servers import emulated_aws
from tests.upgrade import on_postgresql, on_sqlite
from tests.upgrade.recording import RECORDED, ROOT, managed

VERSIONS = sorted(
    (folder.name for folder in RECORDED.iterdir()),
    key=lambda version: [int(number) for number in version.split(".")],
)
KINDS = {"postgresql": on_postgresql, "sqlite": on_sqlite}
TELL = "from tests.upgrade.after import tell; tell()"

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Upgraded:
    """A recorded database and a new one, both of today's version."""

    recorded: Path
    kind: ModuleType
    url: str
    new: str
    before: Rows
    after: Rows


@pytest.fixture(
    scope="module",
    params=[(version, kind) for version in VERSIONS for kind in KINDS],
    ids=lambda param: " on ".join(param),
)
def upgraded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Upgraded:
    version, name = request.param
    kind, recorded = KINDS[name], RECORDED / version
    if name == "sqlite":
        folder = tmp_path_factory.mktemp("upgrade")
        url, new = (f"sqlite:///{folder}/{which}.sqlite3" for which in ("old", "new"))
    else:
        server = request.getfixturevalue("postgres")
        url, new = (made_in(server, f"{which}_{version}") for which in ("old", "new"))
    kind.load(lzma.decompress((recorded / f"{name}.sql.xz").read_bytes()), url)
    before = kind.rows(url)
    for one in (url, new):
        managed("migrate", "--verbosity=0", DATABASE_URL=one)
    return Upgraded(recorded, kind, url, new, before, kind.rows(url))


def made_in(server: str, which: str) -> str:
    """Make a database of its own: in another order the same one is made again."""
    name = f"{which}_{token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return server.replace("/postgres?", f"/{name}?")


def test_all_rows_stay_as_they_were(upgraded: Upgraded) -> None:
    """Among them states, verifications and approvals, and the zip of each bundle. What
    a release names or writes otherwise, it says here.
    """
    lost = {
        table: gone
        for table, rows in upgraded.before.items()
        if (gone := missing(rows, upgraded.after.get(table, [])))
    }

    assert lost == {}
    assert upgraded.before["accounts_managedaccount"]


def missing(rows: list[dict[str, Any]], among: list[dict[str, Any]]) -> list[str]:
    """List those of the rows that are not among the others, by the columns of both."""
    columns = [*rows[0].keys() & among[0].keys()] if rows and among else []
    before, after = (
        Counter(repr([row[column] for column in columns]) for row in some)
        for some in (rows, among)
    )
    return [*(before - after)]


def test_it_is_made_of_the_same_parts_as_a_new_database(upgraded: Upgraded) -> None:
    kind = upgraded.kind

    assert kind.parts(upgraded.url) ^ kind.parts(upgraded.new) == set()


def test_the_roles_have_the_permissions_of_a_new_database(upgraded: Upgraded) -> None:
    roles = permissions(upgraded.after)

    assert roles == permissions(upgraded.kind.rows(upgraded.new))
    assert ("operator", "onboard_account") in roles


def permissions(rows: Rows) -> set[tuple[str, str]]:
    """Return each role with the codename of each permission."""
    groups = {row["id"]: row["name"] for row in rows["auth_group"]}
    names = {row["id"]: row["codename"] for row in rows["auth_permission"]}
    return {
        (groups[row["group_id"]], names[row["permission_id"]])
        for row in rows["auth_group_permissions"]
    }


def test_everything_works_and_what_was_interrupted_is_finished(
    upgraded: Upgraded, tmp_path: Path
) -> None:
    archive = lzma.decompress((upgraded.recorded / "aws.tar.xz").read_bytes())
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(tmp_path, filter="data")
    bundle = json.loads((upgraded.recorded / "next_bundle.json").read_text())

    with emulated_aws(tmp_path) as endpoint:
        environment = seed(endpoint).environment
        said = managed("shell", "-c", TELL, DATABASE_URL=upgraded.url, **environment)

    assert json.loads(said.splitlines()[-1]) == {
        "altered": [],
        "broken_before": "",
        "next": bundle,
        "refused": [],
        "unnamed": [],
        "verified": ["verified"],
        "interrupted": ["verified"],
        "code": True,
        "clusters": ["apps"],
        "waiting": ["verified"],
        "removed": ["removed"],
        "broken_after": "",
    }


def test_each_release_is_recorded() -> None:
    """A release adds itself once it has its tag, with its own code: `python -m
    tests.upgrade.recording VERSION`. This version may be recorded before that, and is
    recorded again as it changes.
    """
    changelog = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## ([0-9.]+)$", changelog, re.MULTILINE)

    recorded = {VERSION, *VERSIONS}

    assert sorted(recorded ^ {*versions}) == []


@pytest.fixture(scope="module")
def queries() -> list[str]:
    """Of the pages and the workers of the release before."""
    recorded = RECORDED / VERSIONS[-1] / "queries.json.xz"
    return json.loads(lzma.decompress(recorded.read_bytes()))


@pytest.mark.parametrize(
    ("change", "fails"),
    [
        ("", False),
        ("ALTER TABLE accounts_run RENAME COLUMN reach TO grasp", True),
        (
            "ALTER TABLE accounts_step ADD COLUMN more text NOT NULL DEFAULT 'x';"
            "ALTER TABLE accounts_step ALTER COLUMN more DROP DEFAULT",
            True,
        ),
    ],
)
def test_the_release_before_works_with_the_new_tables(
    change: str, fails: bool, queries: list[str], postgres: str
) -> None:
    """A process of it may be in the middle of a page or a run while `migrate` runs. So
    a column is dropped one release after the last one that reads it, and a new one has
    a default in the database.
    """
    url = made_in(postgres, "previous")
    recorded = RECORDED / VERSIONS[-1] / "postgresql.sql.xz"
    on_postgresql.load(lzma.decompress(recorded.read_bytes()), url)
    managed("migrate", "--verbosity=0", DATABASE_URL=url)

    with psycopg.connect(url) as connection:
        connection.execute(change)
        refused = [one for one in queries if not works(one, connection)]
        connection.rollback()

    verbs = Counter(query.split()[0] for query in queries)
    assert verbs.keys() == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    assert bool(refused) is fails, refused[:3]


def works(query: str, connection: psycopg.Connection) -> bool:
    """Return whether it can be carried out, but for rows that are there already."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(query)
    except UniqueViolation:
        return True
    except psycopg.Error:
        return False
    return True
