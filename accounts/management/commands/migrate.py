"""`manage.py migrate`: Django's own, except that it refuses a database of a development
version that it cannot bring to this one, where Django would find nothing to do, and one
whose roles of groups would be lost.
"""

from __future__ import annotations

import json
import os
import time
from importlib import import_module
from typing import Any

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.migrations.recorder import MigrationRecorder

from accounts.management.command import BowlineCommand

BASELINE = "0001_baseline"
REPLACED = frozenset(import_module(f"accounts.migrations.{BASELINE}").REPLACED)
ROLES_OF_GROUPS = "accounts_grouproles"
"""The table that 0042_roles_of_groups drops."""
TRIES, PAUSE = 5, 2.0
"""How often, and after how many seconds: each migration is one transaction."""
DEADLOCK = (
    "A process of the version before and this migration waited for each other. "
    "PostgreSQL rolled the migration back, and it is tried again. Stop the site, the "
    "workers and beat if this continues."
)
LAST_COMMIT = "aa9971cb"
"""The last one that has the migrations which the baseline replaces."""
FIRST_WITH_VERIFIED, EARLIER_COMMIT = "0017_proved", "38a53879"
"""It and an earlier one call code that the last commit has changed since."""


class Command(BowlineCommand, migrate.Command):
    requires_migrations_checks = False  # it makes them

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_unfinished(options["database"])
        if roles := stored_roles(options["database"]):
            refuse_lost_roles(roles)
            self.stdout.write(
                "OIDC_ROLES now decides which groups have which roles. Until now, the "
                f"page Settings, Groups had: {json.dumps(roles)}"
            )
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


def stored_roles(database: str) -> dict[str, Any]:
    """Read the roles of groups that earlier versions stored."""
    connection = connections[database]
    with connection.cursor() as cursor:
        if ROLES_OF_GROUPS not in connection.introspection.table_names(cursor):
            return {}
        cursor.execute(f'SELECT "group", roles FROM {ROLES_OF_GROUPS} ORDER BY "group"')
        return {group: json.loads(roles) for group, roles in cursor.fetchall()}


def refuse_lost_roles(roles: dict[str, Any]) -> None:
    """Raise CommandError where nothing would say any longer which roles groups have."""
    if os.environ.get("OIDC_ROLES"):
        return
    raise CommandError(
        "Roles of single sign-on groups are no longer stored, OIDC_ROLES isn't set, "
        "and nothing was changed: to keep the roles that administrators assigned under "
        "Settings, Groups, set the variable as follows, or to what you want instead, "
        f"and run `manage.py migrate` again.\nOIDC_ROLES={json.dumps(roles)}"
    )


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
