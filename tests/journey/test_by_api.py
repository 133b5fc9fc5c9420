"""From nothing to a bundle by the API alone: the example of the docs, word for word, as
a program of its own, with a real worker, broker and emulated AWS.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.api.tokens import make
from accounts.models import Activity, Bundle, ManagedAccount
from accounts.models.api.token import Scope
from accounts.models.states import State
from script.emulated_organization import MANAGING, MEMBERS, Credentials
from tests.rows import person
from tests.servers import StartWorker

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCS / "examples" / "onboard.py"


def test_the_example_onboards_an_account_from_nothing_to_a_bundle(
    live_server: Any,
    own_organization: Credentials,
    celery_worker: StartWorker,
    tmp_path: Path,
) -> None:
    celery_worker(**own_organization.environment)
    olga = person("approver", username="olga")
    olga.groups.add(Group.objects.get(name="operator"))
    token = make(
        olga,
        uuid.uuid4(),
        name="onboarding",
        scopes=list(Scope.values),
        expires_at=timezone.now() + timedelta(days=1),
    )

    done = subprocess.run(
        [sys.executable, "-I", EXAMPLE, MANAGING.account_id, MEMBERS[0].account_id],
        cwd=tmp_path,
        env={"BOWLINE_URL": live_server.url, "BOWLINE_TOKEN": token}
        | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert "create role spinnakerManaged" in done.stdout
    account = ManagedAccount.objects.get()
    assert (account.name, account.state) == ("staging", State.VERIFIED)
    archive = tmp_path / "bundle.zip"
    assert archive.read_bytes() == bytes(Bundle.objects.get().archive)
    with zipfile.ZipFile(archive) as bundle:
        accounts = json.loads(bundle.read("manifest.json"))["accounts"]
    assert [one["name"] for one in accounts] == ["staging"]
    decided = Activity.objects.filter(detail__token="onboarding").order_by("number")
    assert [*decided.values_list("what", "who")] == [
        (what, "olga")
        for what in ("describe", "describe", "plan", "approve", "build", "download")
    ]


def test_the_docs_show_the_example_word_for_word() -> None:
    assert EXAMPLE.read_text() in (DOCS / "api.md").read_text()
