"""Fixtures: an administrator who looks at people."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.rows import person


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(person("administrator", username="ada"))
    return client
