"""The lock, the bill of materials, and an audit that counts what it audited."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from script.supply_chain import verdict

LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-clients.txt")
PIN = re.compile(r"^([\w.-]+)(?:\[[^]]*])?==([^\s;]+)", re.MULTILINE)
PROJECT = tomllib.loads(Path("pyproject.toml").read_text())
ASKED_FOR = {
    "requirements.txt": PROJECT["project"]["dependencies"],
    "requirements-dev.txt": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["dependency-groups"]["dev"],
    ],
    "requirements-clients.txt": PROJECT["dependency-groups"]["clients"],
}


def locked(lock: str) -> dict[str, str]:
    """Read the versions of a lock's packages by name."""
    pins = PIN.findall(lock)
    return {name.lower().replace("_", "-"): version for name, version in pins}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_what_is_asked_for(name: str) -> None:
    packages = locked(Path(name).read_text())

    for pin, asked in locked("\n".join(ASKED_FOR[name])).items():
        assert packages[pin] == asked, "Run script/lock."


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes(name: str) -> None:
    entries = re.split(r"\n(?=\S)", Path(name).read_text().strip())
    packages = [one for one in entries if not one.startswith("#")]

    assert packages
    for package in packages:
        assert "==" in package.splitlines()[0]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", package), package


def test_what_is_shipped_is_what_was_tested() -> None:
    shipped = locked(Path("requirements.txt").read_text())
    tested = locked(Path("requirements-dev.txt").read_text())

    for called, package in shipped.items():
        assert tested[called] == package, called


@pytest.mark.parametrize("name", ["Dockerfile", "script/setup"])
def test_whatever_installs_requires_hashes(name: str) -> None:
    joined = re.sub(r"\\\n\s*", "", Path(name).read_text())
    installing = [line for line in joined.splitlines() if "pip install" in line]

    assert installing
    for line in installing:
        assert "--require-hashes" in line, line


GOOD: dict[str, Any] = {"name": "a", "version": "1", "vulns": []}
BAD: dict[str, Any] = {"name": "b", "version": "2", "vulns": [{"id": "CVE-1"}]}
SKIPPED: dict[str, Any] = {"name": "c", "skip_reason": "could not be audited"}


@pytest.mark.parametrize(
    ("dependencies", "sentence", "code"),
    [
        ([GOOD], "Audited 1 of 1 packages: no known vulnerability.", 0),
        (
            [GOOD, BAD],
            "Audited 2 of 2 packages. Known vulnerabilities: b 2: CVE-1.",
            1,
        ),
        (
            [GOOD, SKIPPED],
            "Audited 1 of 2 packages: the others could not be looked up.",
            3,
        ),
        ([SKIPPED], "Audited 0 of 1 packages: the others could not be looked up.", 3),
    ],
)
def test_an_audit_counts_what_it_audited(
    dependencies: list[dict[str, Any]], sentence: str, code: int
) -> None:
    assert verdict(dependencies) == (sentence, code)
