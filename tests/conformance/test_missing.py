"""What a person is told whose machine has no Java or no Maven."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.clouddriver import missing


def test_what_is_missing_is_named_with_the_packages_that_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert missing().startswith("Clouddriver's own classes need java and javac and mvn")
    assert missing().endswith("apt-get install openjdk-17-jdk-headless maven")


def test_nothing_is_missing_where_all_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for program in ("java", "javac", "mvn"):
        (tmp_path / program).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert missing() == ""
