"""An owner's script changes the account that it is for, and no other."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from onboarding.handoff.scripts import in_account
from tests.factories import MANAGED_ID, MANAGING_ID


@pytest.mark.parametrize(
    ("signed_in", "runs"), [(MANAGED_ID, True), (MANAGING_ID, False)]
)
def test_it_runs_in_its_own_account_only(
    signed_in: str, runs: bool, tmp_path: Path
) -> None:
    aws = tmp_path / "aws"
    aws.write_text(f"#!/bin/sh\necho {signed_in}\n")
    aws.chmod(0o755)

    done = subprocess.run(
        ["/bin/sh", "-c", in_account(MANAGED_ID, "echo one", "echo two")],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert done.stdout == ("one\ntwo\n" if runs else "")
    assert (done.returncode == 0) is runs
    assert ("Nothing was changed" in done.stderr) is not runs
