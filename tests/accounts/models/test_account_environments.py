"""A database of before goes on with the environments that people approved."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import AccountEnvironment, ManagedAccount
from tests.rows import kept_role

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = "0043_adopted_from"


def migrate(*targets: tuple[str, str]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate([*targets] or executor.loader.graph.leaf_nodes())
    return executor.loader.project_state([*targets]).apps if targets else None


def test_what_was_approved_is_kept_by_the_id_and_what_is_kept_is_nameless() -> None:
    apps = migrate(("accounts", BEFORE))
    managed = apps.get_model("accounts", "ManagedAccount").objects
    entries = {"provider": "aws", "name": "live", "environment": "production"}
    try:
        managed.create(name="live", account_id="1" * 12, approved_entries=[entries])
        managed.create(name="draft", account_id="2" * 12, environment="dev")
        apps.get_model("accounts", "ManagingAccount").objects.create(
            name="core", account_id="9" * 12, kept_roles=[kept_role(7)]
        )
    finally:
        migrate()

    kept = dict(AccountEnvironment.objects.values_list("account_id", "environment"))
    assert kept == {"1" * 12: "production", f"{7:012}": ""}
    approved = ManagedAccount.objects.values_list("name", "approved_environment")
    assert dict(approved) == {"live": "production", "draft": None}
