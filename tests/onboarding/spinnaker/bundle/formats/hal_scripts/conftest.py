"""Fixtures: a strict stand-in for hal, and a bundle's scripts run against it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bundles import with_every_provider
from tests.hal import Hal
from tests.onboarding.spinnaker.bundle.formats.hal_scripts.scripts import Scripts


@pytest.fixture
def hal(tmp_path: Path) -> Hal:
    return Hal(tmp_path)


@pytest.fixture
def scripts(hal: Hal, tmp_path: Path) -> Scripts:
    return Scripts(hal, tmp_path / "bundle").holds(with_every_provider())
