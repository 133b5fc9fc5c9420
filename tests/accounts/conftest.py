"""What most tests of the site need: its managing account."""

from __future__ import annotations

import pytest

from accounts.models import ManagingAccount
from tests.rows import managing_row


@pytest.fixture
def managing(db: None) -> ManagingAccount:
    return managing_row()
