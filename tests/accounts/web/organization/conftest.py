"""An operator, where the managing account is that of the organization."""

from __future__ import annotations

import pytest

from tests.accounts.discover.organization.organizations import CORE
from tests.rows import managing_row, person


@pytest.fixture
def operator(client):
    managing_row(name=CORE.name, account_id=CORE.account_id)
    client.force_login(person("operator"))
    return client
