"""A database of a site that used the feed is upgraded; what it kept is gone."""

from __future__ import annotations

from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.models import (
    Activity,
    ManagedAccount,
    ManagingAccount,
)
from accounts.people.activity import first_broken, record
from tests.rows import account_row, managing_row, person

BEFORE = "0038_environments_as_they_are"

MODELS = ("feedrow", "fedaccount", "feedtoken")


def with_a_feed(apps: Any) -> None:
    """Write what a site has whose Clouddriver pulls an account."""
    feed = {name: apps.get_model("accounts", name) for name in MODELS}
    account = apps.get_model("accounts", "ManagedAccount").objects.get()
    person = apps.get_model("auth", "User").objects.get()
    now = timezone.now()
    feed["feedrow"].objects.create(name="staging", content={}, updated_at=now)
    feed["fedaccount"].objects.create(account=account, name="staging", rules=5)
    feed["feedtoken"].objects.create(
        name="clouddriver", digest="d" * 64, created_by=person, used_at=now
    )
    apps.get_model("accounts", "ManagingAccount").objects.update(run_by="feed")
    for name in MODELS:
        kind, _ = ContentType.objects.get_or_create(app_label="accounts", model=name)
        Permission.objects.create(content_type=kind, codename=f"view_{name}")
    for name in ("feed token", "ada"):
        AccessAttempt.objects.create(
            username=name, ip_address="192.0.2.1", failures_since_start=30
        )


@pytest.mark.django_db(transaction=True)
def test_a_database_with_feed_tokens_is_upgraded(client: Any) -> None:
    ada = person("administrator", username="ada")
    record(
        ada,
        Activity.What.SETTINGS,
        "feed token clouddriver",
        {"feed token": "created", "expires": "never", "gateway": ""},
    )
    managing_row()
    account_row("staging")

    try:
        executor = MigrationExecutor(connection)
        executor.migrate([("accounts", BEFORE)])
        apps = executor.loader.project_state([("accounts", BEFORE)]).apps
        with_a_feed(apps)
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())

    tables = connection.introspection.table_names()
    assert not {f"accounts_{name}" for name in MODELS} & {*tables}
    assert not Permission.objects.filter(codename__contains="_fe").exists()
    assert ManagedAccount.objects.get().name == "staging"
    assert ManagingAccount.objects.get().run_by == ""
    assert [one.username for one in AccessAttempt.objects.all()] == ["ada"]
    client.force_login(ada)
    assert (
        "feed token clouddriver" in client.get("/settings/activity/").content.decode()
    )
    assert first_broken() == ""
