"""A plan of two accounts for each test, and a hal that this process calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboarding.spinnaker.bundle.formats.hal import __main__ as program
from onboarding.spinnaker.bundle.formats.hal import calling
from tests.bundles import core, staging, unpacked, with_every_provider
from tests.factories import topology
from tests.hal import Call, Hal
from tests.onboarding.spinnaker.bundle.formats.hal.known_bundle import Plan


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(topology(core(), staging()), tmp_path)


@pytest.fixture
def hal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hal:
    """Point this process at a hal of the test's own, and at a bundle."""
    hal = Hal(tmp_path)
    for name, value in hal.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(calling.subprocess, "Popen", Call)
    unpacked(with_every_provider(), tmp_path / "bundle")
    monkeypatch.setattr(program, "HAL", tmp_path / "bundle" / "hal")
    return hal
