"""`script/test --all --passed FILE`: what passed at a commit is not run again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TWO = """
import os

def test_that_passes() -> None:
    assert True

def test_that_fails_once() -> None:
    assert "FIXED" in os.environ
"""


def test_what_passed_at_this_commit_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "test_two.py"
    file.write_text(TWO)
    passed = tmp_path / "passed-sqlite"
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)

    def run(*options: str) -> str:
        command = [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "-q"]
        plugin = ["-p", "tests.resuming", "--passed", str(tmp_path / "passed")]
        ended = subprocess.run(
            [*command, *plugin, *options, str(file)],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        return f"{ended.returncode} {ended.stdout}"

    first = run()
    monkeypatch.setenv("FIXED", "1")
    second, third = run("-n", "2"), run()
    passed.write_text(passed.read_text().replace("\n", "0\n", 1))
    at_another_commit = run()

    assert first[0] == "1"
    assert "1 failed, 1 passed" in first
    assert second[0] == third[0] == at_another_commit[0] == "0"
    assert "1 passed" in second
    assert "2 deselected" in third
    assert "2 passed" in at_another_commit
