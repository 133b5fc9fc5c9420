"""Whether the database has Bowline's tables, and how a command gets them."""

from __future__ import annotations

from collections.abc import Callable

from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def migrate_if_new(say: Callable[[str], None]) -> None:
    """Create the tables in an empty SQLite file.

    Raise CommandError if another database does not have them: it may be in use.
    """
    if is_migrated():
        return
    if connection.vendor != "sqlite" or connection.introspection.table_names():
        raise CommandError(
            "The database doesn't have the tables of this version of Bowline: run "
            "`python manage.py migrate` first."
        )
    say(f"Creating the tables of a new database, {connection.settings_dict['NAME']}.")
    call_command("migrate", verbosity=0, interactive=False)
