"""The commands of the documents, run line by line as a reader does."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from accounts.models.people import Scope
from accounts.tokens.api_tokens import make
from script.emulated_organization import MANAGING, MEMBERS, Credentials
from tests.documents.blocks import blocks_of, runs
from tests.fresh_clone import ROOT, FreshClone
from tests.rows import person

ONBOARDING = "docs/onboard/pipelines.md"
HANDING_OFF = "docs/onboard/hand-off.md"
AFTER_IT = (
    HANDING_OFF,
    "docs/spinnaker/install-bundle.md",
    "docs/operate/metrics.md",
    "docs/operate/backup.md",
)
API = "docs/reference/api.md"
SESSIONS = {ONBOARDING, *AFTER_IT, API}
"""Pages whose commands these tests run: all but those that say why they are not run."""

EXAMPLES = {
    "911111111111": MANAGING.account_id,
    "922222222222": MEMBERS[0].account_id,
    "933333333333": MEMBERS[1].account_id,
}
FILES = {"accounts.yaml": ONBOARDING, "partner.yaml": HANDING_OFF}
"""Which page has the file that its commands name."""


def failures(
    clone: FreshClone, page: str, environment: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Run a page's lines in order: yield those that end otherwise than it says."""
    programs = f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
    found = [
        run for one in blocks_of(page, "sh") if not one.reason for run in runs(one)
    ]
    assert found, page
    for run in found:
        done = clone.run(run.line, **{**environment, "PATH": programs})
        if done.returncode != run.ends_with:
            yield (
                f"{page}: {run.line}",
                f"{done.returncode}: {done.stdout}{done.stderr}",
            )


def test_the_commands_onboard_from_a_fresh_clone(
    own_organization: Credentials, fresh_clone: FreshClone
) -> None:
    for name, page in FILES.items():
        (block,) = blocks_of(page, "yaml")
        written = block.text
        for example, real in EXAMPLES.items():
            written = written.replace(example, real)
        (fresh_clone.folder / name).write_text(written)
    environment = own_organization.environment

    failed = [
        failure
        for page in (ONBOARDING, *AFTER_IT)
        for failure in failures(fresh_clone, page, environment)
    ]

    assert not failed
    with zipfile.ZipFile(fresh_clone.folder / "bundle.zip") as bundle:
        accounts = json.loads(bundle.read("manifest.json"))["accounts"]
    assert [account["name"] for account in accounts] == ["staging"]
    exported = (fresh_clone.folder / "exported.yaml").read_text()
    assert MEMBERS[0].account_id in exported
    assert (fresh_clone.folder / "handed-off" / "partner").is_dir()
    assert (fresh_clone.folder / "bowline-backup.sqlite3").stat().st_size


def test_the_requests_of_the_api_are_answered(live_server: Any, tmp_path: Path) -> None:
    token = make(
        person("viewer", username="olga"),
        uuid.uuid4(),
        name="reading",
        scopes=[Scope.READ],
        expires_at=timezone.now() + timedelta(days=1),
    )
    script = "\n".join(one.text for one in blocks_of(API, "sh") if not one.reason)
    script = script.replace("https://bowline.example.com", live_server.url)

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "TOKEN": token},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["items"] == []
