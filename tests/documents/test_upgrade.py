"""docs/upgrade.md: an older version's database migrates, and its rows are shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
OLD = "0039_uploaded_accounts"
"""A version with people, rollouts and files of accounts, and without hand-offs,
deliveries, the feed and single sign-on."""

UPGRADE = """
import json, sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

old = ("accounts", sys.argv[1])
call_command("migrate", *old, verbosity=0)
apps = MigrationExecutor(connection).loader.project_state([old]).apps
models = {name: apps.get_model("accounts", name).objects for name in (
    "ManagingAccount", "ManagedAccount", "EnabledProvider", "Run", "Bundle", "Rollout")}
managing = models["ManagingAccount"].create(
    name="core", account_id="911111111111", state="verified", proof="verified")
account = models["ManagedAccount"].create(
    name="staging", account_id="922222222222", regions=["us-east-1"],
    environment="dev", state="verified", proof="verified")
models["EnabledProvider"].create(
    account=account, key="ec2", details={}, described=True)
rollout = models["Rollout"].create(state="finished")
run = models["Run"].create(
    number=1, account=account, account_name="staging", kind="onboard",
    status="verified", rollout=rollout)
models["Bundle"].create(number=1, status="failed", error="No.")

call_command("migrate", verbosity=0)
from django.contrib.auth.models import User
client = Client(SERVER_NAME="localhost")
client.force_login(User.objects.create_superuser("ann"))
pages = ("/", "/accounts/", f"/accounts/{account.pk}/", "/managing/", "/runs/",
    f"/runs/{run.pk}/", f"/runs/rollouts/{rollout.pk}/", "/bundles/", "/bundles/1/",
    "/settings/", "/settings/activity/", f"/accounts/{account.pk}/rights/")
answers = {page: client.get(page) for page in pages}
print(json.dumps({
    page: [answer.status_code, "staging" in answer.content.decode()]
    for page, answer in answers.items()}))
"""


@pytest.fixture
def upgraded(tmp_path: Path) -> dict[str, Any]:
    """Give what the pages answer, and whether they name the account of before."""
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{tmp_path}/old.sqlite3",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", UPGRADE, OLD],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answers


def test_rows_of_an_older_version_are_shown_after_an_upgrade(
    upgraded: dict[str, Any],
) -> None:
    assert {page for page, (status, _) in upgraded.items() if status != 200} == set()
    assert upgraded["/accounts/"] == [200, True]
    assert sum(named for _, named in upgraded.values()) > 5
