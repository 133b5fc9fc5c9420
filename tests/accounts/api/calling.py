"""Calls of the API, with a token of somebody."""

from __future__ import annotations

import uuid
from datetime import timedelta
from json import dumps
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken
from accounts.models.people import Scope
from accounts.tokens.api_tokens import make, token_digest
from tests.rows import person

V1 = "/api/v1"


class Caller(Client):
    """A client that sends a token, and JSON."""

    def __init__(self, token: str = "", **options: Any) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        super().__init__(headers=headers, **options)
        self.text = token

    @property
    def person(self) -> User:
        """Return whose token it is."""
        return ApiToken.objects.get(digest=token_digest(self.text)).person

    def send(
        self, method: str, path: str, body: Any = None, *, key: str = "", **extra: Any
    ) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return self.generic(
            method,
            f"{V1}{path}",
            body if isinstance(body, str) else json_of(body),
            "application/json",
            headers=headers,
            **extra,
        )

    def read(self, path: str, **asked: Any) -> Any:
        return self.get(f"{V1}{path}", asked)

    def put(self, path: str, body: Any = None, **extra: Any) -> Any:
        return self.send("PUT", path, body, **extra)

    def post(self, path: str, body: Any = None, **extra: Any) -> Any:
        return self.send("POST", path, body, **extra)


def json_of(body: Any) -> str:
    return "" if body is None else dumps(body)


def token_of(who: User, *scopes: str, name: str = "ci", days: int = 30) -> str:
    return make(
        who,
        uuid.uuid4(),
        name=name,
        scopes=list(scopes or Scope.values),
        expires_at=timezone.now() + timedelta(days=days),
    )


def caller(role: str, *scopes: str) -> Caller:
    """Give a client with a token of somebody with this role."""
    return Caller(token_of(person(role), *scopes))


def detail(answer: Any, status: int = 409) -> str:
    """Give the sentence of a problem, which is one of this status."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    return str(answer.json()["detail"])
