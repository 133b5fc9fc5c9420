"""A token for each test of the feed."""

from __future__ import annotations

import pytest

from tests.accounts.web.feed.pulling import token_of


@pytest.fixture
def token() -> str:
    return token_of()
