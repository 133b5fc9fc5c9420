"""The API, with counts of requests that are kept in this process."""

from __future__ import annotations

import pytest
from django.core.cache import caches

from tests.accounts.api.calling import Caller, caller


@pytest.fixture(autouse=True)
def counts(settings) -> None:
    """Count in memory, and from nothing in each test."""
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    settings.CACHES = {**settings.CACHES, "api": {**memory, "LOCATION": "api"}}
    caches["api"].clear()


@pytest.fixture
def reader(db) -> Caller:
    return caller("viewer")


@pytest.fixture
def operator(db) -> Caller:
    return caller("operator")


@pytest.fixture
def approver(db) -> Caller:
    return caller("approver")
