"""The feed's URL as the plugin asks it, in tests."""

from __future__ import annotations

import uuid
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import ManagedAccount
from accounts.spinnaker.feed import tokens
from tests.accounts.spinnaker.feed.test_keeping import verified
from tests.onboarding.plugin import Plugin, Reply
from tests.rows import person

HOST = "https://testserver"
URL = f"{HOST}/feed/accounts"
GATEWAY = "https://a1b2.execute-api.us-west-2.amazonaws.com/prod/feed/accounts"


def token_of(**fields: Any) -> str:
    """Make a token as an administrator does."""
    by = person("administrator", username=f"admin-{uuid.uuid4().hex[:8]}")
    return tokens.make(by, uuid.uuid4(), **{"name": "prod", **fields})


def call(url: str, **headers: str) -> Reply:
    found = Client().get(url.removeprefix(HOST), secure=True, headers=headers)
    return Reply(found.status_code, found["Content-Type"], found.content.decode())


def get(token: str, **query: str) -> Any:
    dotted = {name.replace("__", "."): value for name, value in query.items()}
    return Client().get("/feed/accounts", {"token": token, **dotted}, secure=True)


def records(token: str, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get(token, **query).json()["SpinnakerAccounts"]
    return found


def plugin_of(token: str, **fields: Any) -> Plugin:
    return Plugin(call, f"{URL}?token={token}", **fields)


def many(count: int) -> list[ManagedAccount]:
    return [
        verified(f"a-{number}", account_id=f"{100_000_000_000 + number}")
        for number in range(count)
    ]


def leave(account: ManagedAccount) -> None:
    ManagedAccount.objects.filter(pk=account.pk).update(excluded_at=timezone.now())
