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
SMALL = 'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3"}}'
"""Settings that take no time to read."""


def test_what_passed_at_this_commit_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "test_two.py").write_text(TWO)
    (tmp_path / "small.py").write_text(SMALL)
    (tmp_path / "pytest.ini").touch()
    passed = tmp_path / "passed-sqlite"
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "small")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def run(*options: str) -> str:
        command = [sys.executable, "-m", "pytest", "-q", "-c", tmp_path / "pytest.ini"]
        plugins = ["-p", "xdist.plugin", "-p", "tests.resuming"]
        ended = subprocess.run(
            [*command, *plugins, "--passed", tmp_path / "passed", *options, tmp_path],
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
