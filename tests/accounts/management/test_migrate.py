from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.core.management.commands.migrate import Command as DjangosOwn
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from accounts.management.commands.migrate import (
    BASELINE,
    REPLACED,
    ROLES_OF_GROUPS,
    TRIES,
)
from bowline.single_sign_on import roles_of_groups

pytestmark = pytest.mark.django_db


def applied() -> set[str]:
    recorded = MigrationRecorder(connection).applied_migrations()
    return {name for app, name in recorded if app == "accounts"}


def leave_only(names: set[str]) -> None:
    rows = MigrationRecorder(connection).migration_qs.filter(app="accounts")
    rows.exclude(name__in=names).delete()


def test_a_database_that_has_all_that_was_replaced_goes_on() -> None:
    leave_only(applied() - {BASELINE})

    call_command("migrate", verbosity=0)

    assert BASELINE in applied()


@pytest.mark.parametrize(
    ("last", "way"),
    [
        ("0016_four_eyes", "with commit 38a53879, then with aa9971cb, then with this"),
        ("0017_proved", "with commit aa9971cb, then with this version"),
        ("0066_own_notices", "with commit aa9971cb, then with this version"),
    ],
)
def test_an_earlier_database_is_refused_and_stays_as_it_is(last: str, way: str) -> None:
    earlier = {name for name in REPLACED if name <= last}
    leave_only(earlier)

    with pytest.raises(CommandError, match=way) as refused:
        call_command("migrate", verbosity=0)

    assert f"({last})" in str(refused.value)
    assert applied() == earlier


BEFORE, LAST = "0041_factors", "0042_roles_of_groups"
ROLES = {"it \u202e$#": ["viewer"], "platform": ["operator@test", "approver"]}


@pytest.fixture
def stored() -> Iterator[None]:
    """Store roles of groups as the version before dropped them did."""
    migrate(BEFORE)
    with connection.cursor() as cursor:
        for group, roles in reversed(ROLES.items()):
            cursor.execute(
                f'INSERT INTO {ROLES_OF_GROUPS} ("group", roles) VALUES (%s, %s)',
                [group, json.dumps(roles)],
            )
    yield
    migrate()


def migrate(to: str = "") -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([("accounts", to)] if to else executor.loader.graph.leaf_nodes())


@pytest.mark.django_db(transaction=True)
def test_roles_of_groups_that_nothing_configures_are_not_dropped(
    stored: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OIDC_ROLES", "")

    with pytest.raises(CommandError, match="nothing was changed") as refused:
        call_command("migrate", verbosity=0)

    _, _, value = str(refused.value).partition("\nOIDC_ROLES=")
    assert value.isascii()
    monkeypatch.setenv("OIDC_ROLES", value)
    assert roles_of_groups(value) == {
        group: tuple(roles) for group, roles in ROLES.items()
    }
    assert ROLES_OF_GROUPS in connection.introspection.table_names()
    assert LAST not in applied()


@pytest.mark.django_db(transaction=True)
def test_roles_of_groups_are_said_once_more_where_they_are_configured(
    stored: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OIDC_ROLES", '{"platform": ["viewer"]}')

    call_command("migrate", verbosity=0)

    said = capsys.readouterr().out
    assert "OIDC_ROLES now decides which groups have which roles." in said
    assert json.dumps(ROLES) in said
    assert ROLES_OF_GROUPS not in connection.introspection.table_names()
    assert LAST in applied()


def deadlock(sqlstate: str = "40P01") -> OperationalError:
    error = OperationalError("deadlock detected")
    error.__cause__ = psycopg.errors.lookup(sqlstate)("deadlock detected")
    return error


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[Exception | None]:
    """Let each try of Django's own command end as one of these."""
    endings: list[Exception | None] = []

    def handle(*_: object, **__: object) -> None:
        if error := endings.pop(0):
            raise error

    monkeypatch.setattr(DjangosOwn, "handle", handle)
    monkeypatch.setattr("accounts.management.commands.migrate.PAUSE", 0)
    return endings


def test_a_deadlock_with_an_old_process_is_tried_again(ends, capsys) -> None:
    ends += [deadlock(), deadlock(), None]

    call_command("migrate")

    assert ends == []
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "it is tried again" in said[0]


@pytest.mark.parametrize(
    ("first", "left"), [(deadlock("55P03"), 4), (OperationalError("gone"), 4)]
)
def test_nothing_else_is_tried_again(ends, first, left) -> None:
    ends += [first, *[None] * left]

    with pytest.raises(OperationalError):
        call_command("migrate")

    assert len(ends) == left


def test_a_deadlock_that_goes_on_ends_it(ends) -> None:
    ends += [deadlock() for _ in range(TRIES + 1)]

    with pytest.raises(OperationalError):
        call_command("migrate")

    assert len(ends) == 1
