"""A Gate that answers as strictly as Spinnaker's, for accounts to be delivered to."""

from __future__ import annotations

import pytest

from accounts.models import ManagingAccount
from tests.onboarding.delivery.strict_gate import StrictGate


@pytest.fixture
def strict(managing: ManagingAccount) -> StrictGate:
    return StrictGate()
