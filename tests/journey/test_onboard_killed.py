"""kill -9 while the command line onboards: without a worker, the next one continues."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest

from script.emulated_organization import (
    ACCESS_ROLE,
    MANAGING,
    MEMBERS,
    Credentials,
    Edge,
)

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 120.0
DEV = MEMBERS[0]
ACCOUNTS = f"""\
managing: {{name: {MANAGING.name}, account_id: '{MANAGING.account_id}'}}
accounts:
- {{name: dev, account_id: '{DEV.account_id}', regions: [us-east-1],
   access_role: {ACCESS_ROLE}, providers: {{ec2: {{}}}}}}
"""
DONE = "SELECT count(*) FROM accounts_step WHERE status = 'done'"
VERIFIES = "SELECT count(*) FROM accounts_run WHERE status = 'verifying'"


def reached(database: Path, question: str, count: int) -> bool:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30) as read:
        (found,) = read.execute(question).fetchone()
    return bool(found >= count)


@pytest.mark.exhaustive(after=1)
@pytest.mark.parametrize(
    ("question", "count"),
    [(DONE, 9), (DONE, 1), (DONE, 3), (DONE, 14), (VERIFIES, 1)],
    ids=["half-way", "first change", "managing account", "last changes", "verifying"],
)
def test_what_was_killed_is_continued(
    own_organization: Credentials, tmp_path: Path, question: str, count: int
) -> None:
    (tmp_path / "accounts.yaml").write_text(ACCOUNTS)
    database = tmp_path / "bowline.sqlite3"
    environment = {
        **own_organization.environment,
        "PATH": os.environ["PATH"],
        "DATABASE_URL": f"sqlite:///{database}",
    }
    onboard = [sys.executable, str(ROOT / "manage.py"), "onboard", "accounts.yaml"]

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*onboard, *more],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    assert run().returncode == 2
    with subprocess.Popen(
        [*onboard, "--approve"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as killed:
        until = time.monotonic() + PATIENCE
        while not reached(database, question, count) and time.monotonic() < until:
            assert killed.poll() is None, "It ended before it could be killed."
            time.sleep(0.01)
        killed.send_signal(signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL

    again = run("--approve")

    assert again.returncode == 0, again.stderr
    assert "dev: verified" in again.stdout
    iam = Edge(boto3.Session(), own_organization.endpoint, DEV).client("iam")
    assert iam.get_role(RoleName="spinnakerManaged")
