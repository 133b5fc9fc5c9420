"""A database with look-ups and a search is upgraded: all is asked again."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import FoundCluster, ManagedAccount, Question, SearchedAccount
from tests.rows import account_row, managing_row, person, search_row

BEFORE = "0046_connection_version"
MODELS = ("adding", "clustersearch", "lookup", "sentfile")


def with_questions(apps: Any) -> None:
    """Write what a site has whose people asked, searched and added."""
    of = {name: apps.get_model("accounts", name) for name in MODELS}
    asker = apps.get_model("auth", "User").objects.get()
    account = apps.get_model("accounts", "ManagedAccount").objects.get()
    organization = apps.get_model("accounts", "Organization").objects.create()
    lookup = of["lookup"].objects.create(question="q", topic="home", parameters={})
    of["sentfile"].objects.create(lookup=lookup, content=b"accounts: []")
    search = of["clustersearch"].objects.create(by=asker)
    search.accounts.create(account=account)
    search.clusters.create(account=account, name="apps", region="us-east-1")
    of["adding"].objects.create(organization=organization, by=asker)
    for name in MODELS:
        kind, _ = ContentType.objects.get_or_create(app_label="accounts", model=name)
        Permission.objects.create(content_type=kind, codename=f"see_{name}")


@pytest.mark.django_db(transaction=True)
def test_a_database_with_questions_of_before_is_upgraded() -> None:
    olga = person("operator")
    managing_row()
    account_row("staging")

    try:
        executor = MigrationExecutor(connection)
        executor.migrate([("accounts", BEFORE)])
        with_questions(executor.loader.project_state([("accounts", BEFORE)]).apps)
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())

    tables = connection.introspection.table_names()
    assert not {f"accounts_{name}" for name in MODELS} & {*tables}
    assert not Permission.objects.filter(codename__startswith="see_").exists()
    left = (Question, FoundCluster, SearchedAccount)
    assert [model.objects.count() for model in left] == [0, 0, 0]
    search_row(olga).accounts.create(account=ManagedAccount.objects.get())
