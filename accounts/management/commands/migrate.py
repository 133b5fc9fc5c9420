"""`manage.py migrate`: Django's own, except that it refuses a database of a development
version that it cannot bring to this one. Django would find nothing to do there.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

from accounts.management.command import BowlineCommand

BASELINE = "0001_baseline"
REPLACED = frozenset(import_module(f"accounts.migrations.{BASELINE}").REPLACED)
LAST_COMMIT = "aa9971cb"
"""The last one that has the migrations which the baseline replaces."""
FIRST_WITH_VERIFIED, EARLIER_COMMIT = "0017_proved", "38a53879"
"""It and an earlier one call code that the last commit has changed since."""


class Command(BowlineCommand, migrate.Command):
    requires_migrations_checks = False  # it makes them

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_unfinished(options["database"])
        super().handle(*args, **options)


def refuse_unfinished(database: str) -> None:
    """Raise CommandError, having changed nothing, where some of the migrations that the
    baseline replaces were applied and others were not.
    """
    recorded = MigrationRecorder(connections[database]).applied_migrations()
    applied = {name for app, name in recorded if app == "accounts"}
    missing = REPLACED - applied
    if not applied or not missing:
        return
    commits = [EARLIER_COMMIT] * (FIRST_WITH_VERIFIED in missing) + [LAST_COMMIT]
    raise CommandError(
        f"The database is from a development version ({max(applied)}), which this "
        "version can't upgrade, and nothing was changed: run `manage.py migrate` with "
        f"commit {', then with '.join(commits)}, then with this version, or export the "
        "accounts with the version that wrote them and onboard them into a new one."
    )
