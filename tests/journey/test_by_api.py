"""From nothing to a bundle by the API alone: the examples of the docs, word for word,
as programs of their own, with a real worker, broker and emulated AWS.
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

from django.utils import timezone

from accounts.models import Activity, Bundle, ManagedAccount, ManagingAccount
from accounts.models.people import Scope
from accounts.models.states import State
from accounts.tokens.api_tokens import make
from script.emulated_organization import MANAGING, MEMBERS, Credentials
from tests.rows import decider
from tests.servers import StartWorker

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCS / "examples" / "onboard.py"
IN_SHORT = DOCS / "examples" / "onboard_in_short.py"
FILE = f"""\
managing: {{name: core, account_id: "{MANAGING.account_id}"}}
accounts:
  - name: production
    account_id: "{MEMBERS[1].account_id}"
    access_role: OrganizationAccountAccessRole
    regions: [us-east-1, us-west-2]
    providers: {{ec2: {{}}, lambda: {{}}}}
"""


def test_the_examples_onboard_an_account_from_nothing_to_a_bundle(
    live_server: Any,
    own_organization: Credentials,
    celery_worker: StartWorker,
    tmp_path: Path,
) -> None:
    celery_worker(**own_organization.environment)
    olga = decider()
    token = make(
        olga,
        uuid.uuid4(),
        name="onboarding",
        scopes=list(Scope.values),
        expires_at=timezone.now() + timedelta(days=1),
    )

    def run(*program: Any, given: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-I", *program],
            cwd=tmp_path,
            env={"BOWLINE_URL": live_server.url, "BOWLINE_TOKEN": token}
            | {"PATH": os.environ["PATH"]},
            capture_output=True,
            input=given,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    printed = run(EXAMPLE, MANAGING.account_id, MEMBERS[0].account_id)

    assert "create role spinnakerManaged" in printed
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
        for what in (
            *("describe", "describe", "plan", "approve", "plan", "approve"),
            *("build", "download"),
        )
    ]

    ManagingAccount.objects.update(name="core")
    run(EXAMPLE, MANAGING.account_id, MEMBERS[0].account_id)
    assert ManagingAccount.objects.get().name == "core", "what runs is not renamed"
    Bundle.objects.filter(number=2).delete()

    printed = run(IN_SHORT, given=FILE)

    newest = Bundle.objects.get(number=2)
    assert printed.split() == [live_server.url + "/bundles/2/", newest.sha256]
    production = ManagedAccount.objects.get(name="production")
    assert production.state == State.VERIFIED
    assert [*newest.accounts.order_by("name")] == [production, account]
    approved = Activity.objects.filter(what="approve", detail__token="onboarding")
    assert approved.count() == 3
