"""People with second factors, and what they do at the sign-in."""

from __future__ import annotations

import re
import time
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.models import User
from django.test import Client

from accounts.factors.keeping import APP as KIND
from accounts.factors.keeping import make_codes, put, seal
from tests.rows import PASSWORD, person

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
APP = "/you/second-factor/app/"


@pytest.fixture(autouse=True)
def codes_of_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold the clock of codes: no test crosses its half minute."""
    now = time.time()
    monkeypatch.setattr(totp, "time", SimpleNamespace(time=lambda: now))


@pytest.fixture
def ann(db: None) -> User:
    """Somebody who has an app."""
    ann = person("administrator", username="ann")
    give_app(ann)
    return ann


@pytest.fixture
def vera(db: None) -> User:
    """Somebody who has no second factor yet."""
    return person("viewer", username="vera")


def give_app(person: User, secret: str = SECRET) -> list[str]:
    """Give an app and recovery codes, without the pages."""
    put(person, KIND, {"secret": seal(secret)})
    return make_codes(person)


def step_now() -> int:
    return int(totp.time.time()) // 30


def code(later: int = 0, secret: str = SECRET) -> str:
    """Return what an app of this secret shows so many steps later."""
    return totp.format_hotp_value(totp.hotp_value(secret, step_now() + later))


def wrong_code() -> str:
    right = {code(step) for step in range(-3, 4)}
    return next(text for text in ("000000", "111111", *map(str, range(222222, 222230)))
                if text not in right)  # fmt: skip


def password(client: Client, name: str, **fields: str) -> Any:
    fields = {"username": name, "password": PASSWORD, **fields}
    return client.post("/sign-in/", fields)


def second(
    client: Client, *, code: str = "", recovery: str = "", passkey: str = ""
) -> Any:
    fields = {"credential": passkey} if passkey else {"code": code or recovery}
    return client.post("/sign-in/second/", fields)


def is_in(client: Client) -> bool:
    return client.get("/bundles/").status_code == 200


def secret_shown(client: Client) -> str:
    page = client.get(APP).content.decode()
    found = re.search(r"<code>([A-Z2-7]{32})</code>", page)
    assert found, page
    return found[1]


def codes_shown(answer: Any) -> list[str]:
    return re.findall(r"<li>([a-z2-7-]{19})</li>", answer.content.decode())
