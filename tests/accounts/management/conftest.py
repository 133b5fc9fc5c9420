"""An accounts file of two members, and credentials for their organization."""

from __future__ import annotations

from pathlib import Path

import pytest

from script.emulated_organization import MANAGING, MEMBERS, Credentials
from tests.accounts.management.onboarding import entry
from tests.strict_aws.calls import calls as calls

DEV, STAGING = MEMBERS[:2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.yaml"
    path.write_text(
        f"managing: {{name: {MANAGING.name}, account_id: '{MANAGING.account_id}'}}\n"
        f"accounts:\n{entry(DEV)}{entry(STAGING, '{ecs: {}, lambda: {}}')}"
    )
    return path


@pytest.fixture
def here(own_aws: Credentials) -> Credentials:
    return own_aws
