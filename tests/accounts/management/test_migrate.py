from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from accounts.management.commands.migrate import BASELINE, REPLACED

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
