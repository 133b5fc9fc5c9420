"""Codes of authenticator apps: those of RFC 6238, in their time, and each once."""

from __future__ import annotations

from base64 import b32encode
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.models import User

from accounts.factors.keeping import step_of

RFC = b32encode(b"12345678901234567890").decode()
NOW = 41152263


@pytest.fixture(autouse=True)
def _at_that_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totp.time, "time", lambda: NOW * 30 + 29)


@pytest.mark.parametrize(
    ("typed", "step"),
    [
        ("755224", None),
        ("005924", NOW),
        (" 005 924 ", NOW),
        ("", None),
        ("\u0660\u0660\u0665\u0669\u0662\u0664", None),
    ],
)
def test_a_code_counts_in_its_time(typed: str, step: int | None) -> None:
    assert step_of(RFC, typed) == step


@pytest.mark.parametrize(("later", "counts"), [(-2, 0), (-1, 1), (1, 1), (2, 0)])
def test_a_clock_may_differ_by_one_step(later: int, counts: int) -> None:
    code = totp.format_hotp_value(totp.hotp_value(RFC, NOW + later))

    assert step_of(RFC, code) == (NOW + later if counts else None)


def test_the_address_names_the_site_and_the_person(settings) -> None:
    settings.SITE_URL = "https://b.example.com"
    ann = User(username="ann@example.com", email="another@example.com")

    parts = urlsplit(get_adapter().build_totp_url(ann, RFC))

    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == "/Bowline%20%28b.example.com%29%3Aann%40example.com"
    query = {"secret": [RFC], "issuer": ["Bowline (b.example.com)"]}
    assert parse_qs(parts.query) == query
