"""Fixtures: browsers in which people of one role, or of two, are signed in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from tests.rows import person


@pytest.fixture
def viewer(client):
    client.force_login(person("viewer"))
    return client


@pytest.fixture
def operator(client):
    client.force_login(person("operator"))
    return client


@pytest.fixture
def approver(client):
    client.force_login(person("approver"))
    return client


@pytest.fixture
def both(client):
    """Sign in somebody who plans and approves."""
    user = person("approver", username="olga")
    user.groups.add(Group.objects.get(name="operator"))
    client.force_login(user)
    return client
