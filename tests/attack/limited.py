"""Somebody with limited roles, accounts inside and outside, and what is posted."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from accounts.models import Activity, ManagedAccount, Run
from accounts.models.states import State
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER, OPERATOR
from tests.accounts.runs.rollouts.rows import SAME
from tests.accounts.web.answers import messages_of
from tests.rows import account_row, decider, managing_row, person, run_row, step_row

STAGING, PRODUCTION = "staging", "production-eu"
IDENTITY = {"name": "web", "account_id": "9" * 12, "regions": "us-east-1"}


class Act(NamedTuple):
    """What is posted where."""

    url: str
    data: dict[str, Any]


@pytest.fixture
def olga() -> User:
    """Make somebody who plans and approves, and an administrator whom to ask."""
    person("administrator", username="anna")
    managing_row()
    return decider()


def limited(user: User, *environments: str) -> None:
    for role in (OPERATOR, APPROVER):
        limit(user, role, environments or None, None)


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def web(**fields: Any) -> ManagedAccount:
    plain = {
        "account_id": "9" * 12,
        "environment": STAGING,
        "state": State.VERIFIED,
        "verification": State.VERIFIED,
        "granted_at": timezone.now(),
        "verified_at": timezone.now(),
    }
    return account_row("web", **{**plain, **fields})


def other(**fields: Any) -> ManagedAccount:
    plain = {"account_id": "8" * 12, "environment": STAGING, "granted_at": None}
    return account_row("shop", **{**plain, **fields})


def decided() -> int:
    """Count what was decided; what was refused is recorded, too."""
    return Activity.objects.exclude(what="refused").count()


def draft(**fields: Any) -> ManagedAccount:
    plain = {"state": State.DRAFT, "granted_at": None}
    return web(**{**plain, "verification": "", "verified_at": None, **fields})


def waiting() -> Run:
    run = run_row(account=draft(), fingerprint=SAME)
    step_row(run)
    return run


def of(account: ManagedAccount, verb: str, **data: Any) -> Act:
    return Act(f"/accounts/{account.pk}/{verb}/", data)


def many(verb: str, *accounts: ManagedAccount, **data: Any) -> Act:
    return Act(f"/accounts/{verb}/", {"account": [a.pk for a in accounts], **data})


def refused(answer: Any) -> str:
    """Return the refusal, whether a page or a message says it."""
    said = f"{messages_of(answer)} {answer.content.decode()}"
    assert "Ask an administrator (anna)" in said
    return said
