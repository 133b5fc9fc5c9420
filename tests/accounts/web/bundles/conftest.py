"""Two bundles that differ: in an account that changed, and one that came."""

from __future__ import annotations

import pytest

from tests.bundles import core, staging
from tests.factories import managed, provider, topology
from tests.rows import bundle_row


@pytest.fixture
def two_bundles(db: None) -> None:
    qa = managed(provider("ec2"), name="qa", account_id="933333333333")
    bundle_row(topology(core(), staging()), 1)
    bundle_row(topology(core(environment="live"), qa), 2)
