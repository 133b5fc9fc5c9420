"""A plan of two accounts for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bundles import core, staging
from tests.factories import topology
from tests.onboarding.spinnaker.bundle.formats.hal.known_bundle import Plan


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(topology(core(), staging()), tmp_path)
