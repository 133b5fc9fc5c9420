"""Fixtures: browsers in which people of one role, or of two, are signed in."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser

from tests.accounts.web import browsing
from tests.rows import decider, person


class Reader(Client):
    """A client that reads a page as a browser does: a line break is a space."""

    def request(self, **request):
        response = super().request(**request)
        if "html" in response.get("Content-Type", "") and not response.streaming:
            response.content = re.sub(rb"\s*\n\s*", b" ", response.content)
        return response


@pytest.fixture
def client():
    return Reader()


@pytest.fixture
def signed_in(browser: Browser, live_server: Any) -> browsing.SignedIn:
    """Open an empty page of a person who signed in: of an operator, or by name."""
    return partial(browsing.signed_in, browser, live_server)


@pytest.fixture
def viewer(client, db):
    client.force_login(person("viewer"))
    return client


@pytest.fixture
def operator(client, db):
    client.force_login(person("operator"))
    return client


@pytest.fixture
def approver(client, db):
    client.force_login(person("approver"))
    return client


@pytest.fixture
def administrator(client, db):
    client.force_login(person("administrator"))
    return client


@pytest.fixture
def both(client, db):
    """Sign in somebody who plans and approves."""
    client.force_login(decider())
    return client
