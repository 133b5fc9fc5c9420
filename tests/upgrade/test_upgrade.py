"""Databases that earlier versions wrote, each upgraded by today's `migrate`.

`recording.py` says how they were made.
"""

from __future__ import annotations

import io
import json
import lzma
import tarfile
from collections import Counter
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from secrets import token_hex
from types import ModuleType
from typing import Any
from uuid import UUID

import boto3
import psycopg
import pytest

from script.emulated_organization import (
    MANAGING,
    MEMBERS,
    Edge,
    bowline_credentials,
    seed_network,
)
from script.servers import emulated_aws
from tests.upgrade import on_postgresql, on_sqlite
from tests.upgrade.recording import RECORDED, managed

VERSIONS = sorted(folder.name for folder in RECORDED.iterdir())
KINDS = {"postgresql": on_postgresql, "sqlite": on_sqlite}
ROLES = '{"platform": ["operator", "approver"]}'
"""What the recorded site stored, and must be configured since."""
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
        managed("migrate", "--verbosity=0", DATABASE_URL=one, OIDC_ROLES=ROLES)
    return Upgraded(recorded, kind, url, new, before, kind.rows(url))


def made_in(server: str, which: str) -> str:
    """Make a database of its own: in another order the same one is made again."""
    name = f"{which}_{token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return server.replace("/postgres?", f"/{name}?")


def test_all_rows_stay_as_they_were(upgraded: Upgraded) -> None:
    """Among them states, proofs and approvals, and the zip of each bundle."""
    kept = without_own_factors(without_what_is_dropped(upgraded.before))
    old = with_names_of_today(kept)
    before = in_words_of_today(old)
    after = in_words_of_today(upgraded.after)

    lost = {
        table: gone
        for table, rows in before.items()
        if (gone := missing(rows, after.get(table, [])))
    }

    assert lost == {}
    assert upgraded.before["accounts_managedaccount"]


def without_what_is_dropped(rows: Rows) -> Rows:
    """Leave out these tables, and what only refers to their kinds of rows."""
    kept = {table: all_of for table, all_of in rows.items() if table not in DROPPED}
    gone: set[Any] = DROPPED
    for table, refers in (
        ("django_content_type", table_of),
        ("auth_permission", itemgetter("content_type_id")),
        ("auth_group_permissions", itemgetter("permission_id")),
    ):
        dropped = [row for row in kept[table] if refers(row) in gone]
        kept[table] = [row for row in kept[table] if row not in dropped]
        gone = {row["id"] for row in dropped}
    return kept


def table_of(kind: dict[str, Any]) -> str:
    return f"{kind['app_label']}_{kind['model']}"


DROPPED = {
    "auditlog_logentry",
    "accounts_adding",
    "accounts_clustersearch",
    "accounts_fedaccount",
    "accounts_feedrow",
    "accounts_feedtoken",
    "accounts_grouproles",
    "accounts_lookup",
    "accounts_samlanswer",
    "accounts_sentfile",
}
"""By 0007_one_log, by the migrations without the feed, SAML and groups, and by the one
of questions, which are short-lived.
"""

APPS, CODES = "accounts_authenticatorapp", "accounts_recoverycode"


def without_own_factors(rows: Rows) -> Rows:
    """Leave out what 0041_factors writes into the table of django-allauth."""
    gone = {APPS, CODES, "accounts_passkey"}
    return {table: all_of for table, all_of in rows.items() if table not in gone}


def test_second_factors_go_on(upgraded: Upgraded) -> None:
    now = {
        (row["user_id"], row["type"]): json.loads(row["data"])
        if isinstance(row["data"], str)
        else row["data"]
        for row in upgraded.after["mfa_authenticator"]
    }

    (app,) = upgraded.before[APPS]
    codes = [row["digest"] for row in upgraded.before[CODES]]
    who = app["person_id"]
    assert now == {
        (who, "totp"): {"secret": app["secret"], "last": app["last_step"]},
        (who, "recovery_codes"): {"migrated_codes": codes},
    }


TABLES = {"handedouttext": "handofftext", "notice": "notification"}
COLUMNS = {
    "described_at": "added_at",
    "four_eyes": "second_approver",
    "left_out": "excluded",
    "left_out_at": "excluded_at",
    "left_out_by_id": "excluded_by_id",
    "left_out_by_name": "excluded_by_name",
    "proof": "verification",
    "proved": "verified",
}
"""What 0022_names names otherwise, wherever it is."""
DESCRIBED = {"enabledprovider": "has_details", "foundcluster": "added"}


def with_names_of_today(rows: Rows) -> Rows:
    """Name tables and columns as 0022_names does, and type what 0027 does."""
    named: Rows = {}
    for table, all_of in rows.items():
        model = table.removeprefix("accounts_")
        columns = {**COLUMNS, "described": DESCRIBED.get(model, "described")}
        new = table.replace(model, TABLES.get(model, model))
        named[new] = [{columns.get(k, k): row[k] for k in row} for row in all_of]
    for account in named["accounts_managedaccount"]:
        # A text since 0027: an external ID of the account's own can be the former one.
        former = account["former_external_id"]
        account["former_external_id"] = str(UUID(str(former))) if former else ""
    for kind in named["django_content_type"]:
        kind["model"] = TABLES.get(kind["model"], kind["model"])
    return named


def in_words_of_today(rows: Rows) -> Rows:
    """Write the outcomes of checks as 0020_words does; digests follow from them."""
    for check in rows["accounts_checkresult"]:
        reword(check)
    for table, column in (("findings", "results"), ("spinnaker", "result")):
        for row in rows.get(f"accounts_{table}", []):
            found = row[column]
            row[column] = json.loads(found) if isinstance(found, str) else found
            for one in row[column] or ():
                reword(one)
            row.pop("digest", None)
    return rows


def reword(check: dict[str, Any]) -> None:
    said = {"proved": "passed", "not proved from here": "not testable"}
    check["outcome"] = said.get(check["outcome"], check["outcome"])


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
        edge = Edge(boto3.Session(), endpoint, MANAGING)
        for account in MEMBERS:  # what a deployment needs was no part of the proof then
            seed_network(Edge(edge.session, endpoint, account).client("ec2"))
        environment = bowline_credentials(edge).environment
        said = managed("shell", "-c", TELL, DATABASE_URL=upgraded.url, **environment)

    assert json.loads(said.splitlines()[-1]) == {
        "altered": [],
        "broken_before": "",
        "next": bundle,
        "refused": [],
        "unnamed": [],
        "verified": ["verified"],
        "interrupted": ["verified"],
        "waiting": ["verified"],
        "broken_after": "",
    }
