"""The six digits of authenticator apps: TOTP, as in RFC 6238 with its defaults."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from base64 import b32decode, b32encode
from urllib.parse import quote, urlencode

SECONDS, DIGITS = 30, 6
LATE = 1
"""Steps by which a phone's clock, or a person, may be early or late."""


def new_secret() -> str:
    return b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int) -> str:
    digest = hmac.digest(b32decode(secret), step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_now() -> int:
    return int(time.time()) // SECONDS


def step_of(secret: str, code: str, *, after: int = 0) -> int | None:
    """Return the step that the code is of; None: of none that counts after that one."""
    code = re.sub(r"\s", "", code)
    now = step_now()
    found = None
    for step in range(now - LATE, now + LATE + 1):
        is_it = hmac.compare_digest(code_at(secret, step).encode(), code.encode())
        if is_it and step > after:
            found = step
    return found


def address(secret: str, *, name: str, site: str) -> str:
    """Return what the picture holds that an app reads."""
    issuer = f"Bowline ({site})" if site else "Bowline"
    query = urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(f'{issuer}:{name}')}?{query}"
