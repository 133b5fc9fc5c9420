"""Tried: changing, deleting and emptying the activity log, by the application, by
SQL and in the admin site, so that nobody can see who approved what.

Refused: the application and PostgreSQL refuse it, and `manage.py check_activity` names
the first entry that somebody with all rights changed, removed or rewrote.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts.models import Activity
from accounts.models.people import ActivityStays
from accounts.people.activity import record
from tests.rows import person

pytestmark = pytest.mark.django_db

TABLE = Activity._meta.db_table
on_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="these triggers are PostgreSQL's"
)


@pytest.fixture
def three() -> list[Activity]:
    olga = person("approver", username="olga")
    return [
        record(olga, Activity.What.APPROVE, name) for name in ("web", "data", "core")
    ]


def check() -> int:
    try:
        call_command("check_activity")
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def by_hand(sql: str, *values: Any) -> None:
    """Write as the owner of the database, who may switch triggers off."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER USER")
        cursor.execute(sql, values)


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry.save(),
        lambda entry: entry.delete(),
        lambda entry: Activity.objects.update(who="nobody"),
        lambda entry: Activity.objects.filter(pk=entry.pk).delete(),
        lambda entry: Activity.objects.bulk_update([entry], ["who"]),
        lambda entry: Activity.objects.get(pk=entry.pk).save(update_fields=["who"]),
    ],
)
def test_code_cannot_change_it(three: list[Activity], change: Any) -> None:
    before = list(Activity.objects.values())

    with pytest.raises(ActivityStays):
        change(three[1])

    assert list(Activity.objects.values()) == before


@on_postgresql
@pytest.mark.parametrize(
    "sql",
    [
        f"UPDATE {TABLE} SET who = 'nobody'",
        f"DELETE FROM {TABLE} WHERE number = 2",
        f"TRUNCATE {TABLE} CASCADE",
    ],
)
def test_postgresql_refuses_by_itself(three: list[Activity], sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {TABLE} ENABLE TRIGGER USER")

        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            cursor.execute(sql)

    assert Activity.objects.count() == 3


@pytest.mark.parametrize("page", ["add", "change", "delete"])
def test_the_admin_site_only_shows_it(
    client: Any, three: list[Activity], page: str
) -> None:
    client.force_login(person("administrator", is_superuser=True))
    key = [] if page == "add" else [three[0].pk]

    shown = client.get(reverse("admin:accounts_activity_changelist"))
    answer = client.post(
        reverse(f"admin:accounts_activity_{page}", args=key), {"post": "yes"}
    )

    assert "approved the plan" in shown.content.decode()
    assert answer.status_code == 403


def test_whole_it_is_as_it_was_written(three: list[Activity], capsys: Any) -> None:
    code = check()

    assert code == 0
    said = capsys.readouterr().out
    assert "All 3 entries are unchanged." in said
    assert "  " not in said
    assert three[2].hash in said


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        (
            f"UPDATE {TABLE} SET who = 'mallory' WHERE number = 2",
            "Entry 2 was changed after it was written: it now says that mallory "
            "approved the plan data",
        ),
        (
            f"DELETE FROM {TABLE} WHERE number = 2",
            "Entry 2 is missing: after 1 comes 3.",
        ),
        (
            f"DELETE FROM {TABLE} WHERE number = 1",
            "Entry 1 is missing: after 0 comes 2.",
        ),
    ],
)
def test_a_broken_entry_is_named(
    three: list[Activity], capsys: Any, sql: str, says: str
) -> None:
    by_hand(sql)

    code = check()

    assert code == 1
    assert says in capsys.readouterr().err


def test_an_entry_that_was_written_anew_is_named(
    three: list[Activity], capsys: Any
) -> None:
    forged = Activity.objects.get(number=2)
    forged.who = "mallory"
    sql = f"UPDATE {TABLE} SET who = %s, hash = %s WHERE number = 2"
    by_hand(sql, forged.who, forged.digest())

    code = check()

    assert code == 1
    assert "Entry 3 doesn't follow entry 2" in capsys.readouterr().err


def test_an_end_that_was_cut_off_is_missed_by_its_hash(
    three: list[Activity], capsys: Any
) -> None:
    by_hand(f"DELETE FROM {TABLE} WHERE number = 3")

    with pytest.raises(SystemExit):
        call_command("check_activity", three[2].hash)

    assert f"No entry has the hash {three[2].hash}" in capsys.readouterr().err
