from __future__ import annotations

import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.core.management.commands.migrate import Command as DjangosOwn
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from accounts.management.commands.migrate import LAST_MIGRATION, TRIES
from tests.rows import person

pytestmark = pytest.mark.django_db

FIRST = "0001_first_release"


def applied() -> set[str]:
    recorded = MigrationRecorder(connection).applied_migrations()
    return {name for app, name in recorded if app == "accounts"}


def leave_only(names: set[str]) -> None:
    """Let the database have recorded these migrations, as one of development did."""
    recorder = MigrationRecorder(connection)
    recorder.migration_qs.filter(app="accounts").delete()
    for name in sorted(names):
        recorder.record_applied("accounts", name)


def test_a_database_with_all_migrations_of_development_continues() -> None:
    rows = person("viewer").pk, connection.introspection.table_names()
    leave_only({"0001_initial", "0051_takeovers", LAST_MIGRATION})

    call_command("migrate", "accounts", FIRST, verbosity=0)

    assert FIRST in applied()
    assert (User.objects.get().pk, connection.introspection.table_names()) == rows


@pytest.mark.parametrize("last", ["0051_takeovers", "0001_baseline", "0001_initial"])
def test_a_database_with_some_of_them_is_refused_and_stays_as_it_is(last: str) -> None:
    leave_only({"0001_initial", last})

    with pytest.raises(CommandError, match="commit 852174f1") as refused:
        call_command("migrate", verbosity=0)

    assert "nothing was changed" in str(refused.value)
    assert applied() == {"0001_initial", last}


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
