"""A strict Gate, and Bowline's own list of what it sent there."""

from __future__ import annotations

import pytest

from tests.onboarding.delivery.delivering import List
from tests.onboarding.delivery.strict_gate import StrictGate


@pytest.fixture
def strict() -> StrictGate:
    return StrictGate()


@pytest.fixture
def book() -> List:
    return List()
