"""The pipelines to copy, run by a shell: two people, production, and drift at night."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from script.emulated_organization import (
    ACCESS_ROLE,
    MANAGING,
    MEMBERS,
    Credentials,
    Edge,
)

ROOT = Path(__file__).parent.parent.parent
DEV = MEMBERS[0]
ACCOUNTS = f"""\
managing: {{name: {MANAGING.name}, account_id: '{MANAGING.account_id}'}}
accounts:
- {{name: dev, account_id: '{DEV.account_id}', environment: production,
   regions: [us-east-1], access_role: {ACCESS_ROLE}, providers: {{ec2: {{}}}}}}
"""
TOKENS = """
import uuid
from datetime import timedelta
from django.contrib.auth.models import Group, User
from django.utils import timezone
from accounts.tokens.api_tokens import make
for name, role in (("olga", "operator"), ("paul", "approver")):
    one = User.objects.create_user(name)
    one.groups.add(Group.objects.get(name=role))
    scope = "operate" if role == "operator" else "approve"
    until = timezone.now() + timedelta(days=1)
    print(make(one, uuid.uuid4(), name=name, scopes=[scope], expires_at=until))
"""


LONG_AGO = """
from accounts.models import ManagedAccount
ManagedAccount.objects.update(verified_at="2020-01-01T00:00:00Z")
"""


def github() -> dict[str, str]:
    """Give what each job runs in a shell, in order."""
    jobs = yaml.safe_load((ROOT / "docs/examples/github-actions.yml").read_text())
    return {
        name: "\n".join(step["run"] for step in job["steps"] if "run" in step)
        for name, job in jobs["jobs"].items()
    }


def gitlab() -> dict[str, str]:
    read = yaml.safe_load((ROOT / "docs/examples/gitlab-ci.yml").read_text())
    before = read["default"]["before_script"][:1]
    return {
        name: "\n".join([*before, *job["script"], *job.get("after_script", ())])
        for name, job in read.items()
        if isinstance(job, dict) and "script" in job
    }


@pytest.fixture
def posted() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Be the API of a GitLab, and keep what is posted there."""
    found: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.append((self.path, body.decode()))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", found
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("jobs", [github(), gitlab()], ids=["GitHub", "GitLab"])
def test_a_pipeline_plans_applies_and_finds_drift(
    jobs: dict[str, str],
    own_organization: Credentials,
    posted: tuple[str, list[tuple[str, str]]],
    tmp_path: Path,
) -> None:
    (tmp_path / "accounts.yaml").write_text(ACCOUNTS)
    api, posts = posted
    environment = {
        **own_organization.environment,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "BOWLINE": str(ROOT / "manage.py"),
        "DATABASE_URL": f"sqlite:///{tmp_path}/bowline.sqlite3",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "CI_API_V4_URL": api,
        "CI_PROJECT_ID": "7",
        "CI_MERGE_REQUEST_IID": "8",
        "GITLAB_TOKEN": "any",
    }

    def shell(script: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            cwd=tmp_path,
            env=environment | more,
            capture_output=True,
            text=True,
            check=False,
        )

    def django(code: str) -> str:
        done = shell(
            f"python \"$BOWLINE\" shell -v 0 -c '{code}'", SECRET_KEY="any" * 9
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    shell('python "$BOWLINE" migrate')
    olga, paul = django(TOKENS).split()

    def job(name: str, token: str = "") -> subprocess.CompletedProcess[str]:
        named = {"BOWLINE_PLAN_TOKEN": token, "BOWLINE_APPROVE_TOKEN": token}
        return shell(jobs[name], BOWLINE_TOKEN=token, **named)

    planned = job("plan", olga)
    refused = job("apply", olga)
    applied = job("apply", paul)
    quiet = job("nightly")
    iam = Edge(boto3.Session(), own_organization.endpoint, DEV).client("iam")
    iam.update_assume_role_policy(
        RoleName="spinnakerManaged",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", '
        '"Principal": "*", "Action": "sts:AssumeRole"}]}',
    )
    django(LONG_AGO)
    loud = job("nightly")

    assert planned.returncode == 0, planned.stderr
    assert "waits for approval." in (tmp_path / "plan.md").read_text()
    assert refused.returncode == 1
    assert "needs the scope approve" in refused.stderr
    assert applied.returncode == 0, applied.stderr
    assert "| dev | production | verified |" in (tmp_path / "applied.md").read_text()
    assert (quiet.returncode, loud.returncode) == (0, 1)
    assert "dev: verified" not in (tmp_path / "drift.txt").read_text()
    if posts:
        (comment, note), (issue, text) = posts
        assert comment == "/projects/7/merge_requests/8/notes"
        assert "### Bowline" in note
        assert issue == "/projects/7/issues"
        assert "dev: " in text
