"""`manage.py migrate`: Django's own, except that it refuses a database of a development
version that it cannot bring to this one, where Django would make tables that exist.
"""

from __future__ import annotations

import time
from typing import Any

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.migrations.recorder import MigrationRecorder

from accounts.management.command import BowlineCommand

TRIES, PAUSE = 5, 2.0
"""How often, and after how many seconds: each migration is one transaction."""
DEADLOCK = (
    "A process of the version before and this migration waited for each other. "
    "PostgreSQL rolled the migration back, and it is tried again. Stop the site, the "
    "workers and beat if this continues."
)
LAST_MIGRATION, LAST_COMMIT = "0052_indexes_of_pages", "852174f1"
"""The last one of development, which the first release replaces, and who has it."""


class Command(BowlineCommand, migrate.Command):
    requires_migrations_checks = False  # it makes them

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_unfinished(options["database"])
        for left in reversed(range(TRIES)):
            try:
                super().handle(*args, **options)
                return
            except OperationalError as error:
                if not left or not is_deadlock(error):
                    raise
            self.stderr.write(DEADLOCK)
            time.sleep(PAUSE)


def is_deadlock(error: OperationalError) -> bool:
    """Return whether PostgreSQL rolled back a migration for somebody else."""
    return getattr(error.__cause__, "sqlstate", "") == "40P01"


def refuse_unfinished(database: str) -> None:
    """Raise CommandError, having changed nothing, where migrations of development were
    applied, and not all of them.
    """
    recorded = MigrationRecorder(connections[database]).applied_migrations()
    applied = {name for app, name in recorded if app == "accounts"}
    if not applied or LAST_MIGRATION in applied:
        return
    raise CommandError(
        "The database is from a development version that this version can't upgrade, "
        f"and nothing was changed: run `manage.py migrate` with commit {LAST_COMMIT}, "
        "which names an earlier one if that has to be first, and then with this "
        "version, or export the accounts with the version that wrote them and onboard "
        "them into a new one."
    )
