"""Codes of authenticator apps: those of RFC 6238, each once."""

from __future__ import annotations

from base64 import b32encode
from urllib.parse import parse_qs, urlsplit

import pytest

from accounts.factors import app_codes
from accounts.factors.app_codes import address, code_at, new_secret, step_of

RFC = b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    assert code_at(RFC, seconds // 30) == code


@pytest.mark.parametrize(
    ("typed", "after", "step"),
    [
        ("755224", 0, None),
        ("005924", 0, 41152263),
        (" 005 924 ", 0, 41152263),
        ("005924", 41152262, 41152263),
        ("005924", 41152263, None),
        ("", 0, None),
        ("\u0660\u0660\u0665\u0669\u0662\u0664", 0, None),
    ],
)
def test_a_code_counts_in_its_time_and_once(
    typed: str, after: int, step: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_codes, "step_now", lambda: 41152263)

    assert step_of(RFC, typed, after=after) == step


def test_a_secret_has_160_bits_and_is_another_each_time() -> None:
    assert {len(new_secret()) for _ in range(9)} == {32}
    assert len({new_secret() for _ in range(9)}) == 9


def test_the_address_names_the_site_and_the_person() -> None:
    parts = urlsplit(address(RFC, name="ann@example.com", site="b.example.com"))

    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == "/Bowline%20%28b.example.com%29%3Aann%40example.com"
    query = {"secret": [RFC], "issuer": ["Bowline (b.example.com)"]}
    assert parse_qs(parts.query) == query
