"""A provider whose groups have the roles that administrators chose on Settings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.accounts.web.single_sign_on.provider import PROVIDER, Emulated, provider

__all__ = ["decided_here", "provider"]


@pytest.fixture
def decided_here(provider: Emulated, settings) -> Emulated:
    settings.SINGLE_SIGN_ON = replace(PROVIDER, roles=None)
    return provider
