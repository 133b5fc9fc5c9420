"""A site that sends mail, and a rollout of a person who has an address."""

from __future__ import annotations

import pytest

from accounts.models import Rollout
from tests.accounts.runs.rollouts.rows import started
from tests.rows import managing_row, person


@pytest.fixture(autouse=True)
def mail_server(settings) -> None:
    settings.EMAIL_HOST = "mail.example.com"
    settings.SITE_URL = "https://bowline.example.com"
    settings.DEFAULT_FROM_EMAIL = "bowline@example.com"


@pytest.fixture
def ann(db):
    return person("operator", username="ann", email="ann@example.com")


@pytest.fixture
def rollout(ann) -> Rollout:
    managing_row()
    return started(3, ann)
