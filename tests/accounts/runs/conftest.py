"""Fixtures: an AWS that enforces IAM, as Bowline meets it."""

from __future__ import annotations

import pytest

from accounts.models import ManagedAccount
from onboarding.verify import verification
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.runs.carried import member, onboarded
from tests.rows import managing_row
from tests.strict_aws.calls import calls as calls


@pytest.fixture(autouse=True)
def organizations_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test ask by itself what a process remembers of organizations."""
    monkeypatch.setattr(verification, "BELONGING", {})


@pytest.fixture
def unadopted(own_aws: Credentials, monkeypatch: pytest.MonkeyPatch) -> Credentials:
    """Be Bowline, in an organization of the test's own that is never slow to know, of
    which nothing was added yet.
    """
    monkeypatch.setattr("accounts.runs.verifying.LONG_BACKOFF", 0.0)
    monkeypatch.setattr("accounts.runs.verifying.SHORT_BACKOFF", 0.0)
    monkeypatch.setattr("accounts.runs.verifying.SETTLING", 0.0)
    return own_aws


@pytest.fixture
def here(unadopted: Credentials) -> Credentials:
    """Be Bowline, with the managing account added."""
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)
    return unadopted


@pytest.fixture
def account(here: Credentials) -> ManagedAccount:
    """Return an account that is onboarded, with EC2."""
    account = member()
    onboarded(account)
    return account
