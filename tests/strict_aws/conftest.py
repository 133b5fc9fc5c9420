"""Fixtures: two fresh accounts, a strict AWS in front of them, and short waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from botocore import retryhandler

from accounts.runs import carrying_out, verifying
from onboarding.aws import session
from onboarding.aws.apply import apply
from onboarding.aws.shared_clients import shared_client
from tests.onboarding.aws.field import Field
from tests.onboarding.conftest import field as field
from tests.strict_aws.calls import calls as calls
from tests.strict_aws.job import Job
from tests.strict_aws.proxy import Behaviour, StrictAws, strict_aws

Strictly = Callable[..., StrictAws]


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait tens of milliseconds where real AWS takes seconds."""
    monkeypatch.setattr(session, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(session, "LONGEST_DELAY", 0.05)
    monkeypatch.setattr(retryhandler, "delay_exponential", lambda *_, **__: 0.001)
    # What does not end so is a failure; nobody should wait minutes to see it.
    monkeypatch.setattr(verifying, "SETTLING", 4.0)
    monkeypatch.setattr(verifying, "LONG_BACKOFF", 4.0)
    monkeypatch.setattr(carrying_out, "apply", partial(apply, backoff_seconds=4.0))


@pytest.fixture
def strictly(field: Field, monkeypatch: pytest.MonkeyPatch) -> Iterator[Strictly]:
    """Yield a function that puts a strict AWS with these behaviours before the two
    accounts.
    """
    with ExitStack() as proxies:

        def start(*behaviours: Behaviour, seed: int = 0) -> StrictAws:
            aws = proxies.enter_context(
                strict_aws(field.endpoint, field.managing_id, *behaviours, seed=seed)
            )
            monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint)
            shared_client.cache_clear()
            return aws

        yield start


@pytest.fixture
def job(field: Field, tmp_path: Path) -> Job:
    return Job(field, tmp_path / "accounts.yaml").seed()
