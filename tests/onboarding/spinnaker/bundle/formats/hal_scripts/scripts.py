"""A bundle on disk whose scripts are run by bash, and what they ask hal first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from onboarding.topology import Topology
from tests.bundles import unpacked
from tests.factories import managed, provider, topology
from tests.hal import Hal

QUESTIONS = [["config", "-q", "-o", "json", "--no-validate"]]
"""What hal is asked before anything: all providers in one call."""


class Scripts:
    """A bundle on disk, whose scripts run against a test's own hal."""

    def __init__(self, hal: Hal, folder: Path) -> None:
        self.hal = hal
        self.folder = folder

    def holds(self, bundled: Topology, *earlier: Topology) -> Scripts:
        """Unpack another bundle over the one before; it knows of these earlier ones."""
        unpacked(bundled, self.folder, *earlier)
        return self

    def run(self, verb: str, *words: str, **options: str) -> CompletedProcess[str]:
        script = str(self.folder / "hal" / f"{verb}.sh")
        return self.hal.run(["bash", script, *words], **options)

    def applied(self, *words: str) -> CompletedProcess[str]:
        done = self.run("apply", *words)
        assert done.returncode == 0, done.stderr
        return done


def one(**fields: Any) -> Topology:
    return topology(managed(provider("ec2"), **fields))


def writes(hal: Hal) -> Iterator[list[str]]:
    return (call for call in hal.calls if "account" in call)
