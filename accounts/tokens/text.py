"""The text of a token: shown once, and kept nowhere."""

from __future__ import annotations

import secrets
from hashlib import sha256

CREATED_ALREADY = (
    "This token was already created and is shown only once. If you didn't copy it, "
    "revoke it and create another one."
)


def new_text(beginning: str) -> str:
    """Make a text with 256 random bits, of characters that no URL escapes.

    Whoever finds one knows by its beginning what it opens, and scanners find it.
    """
    return beginning + secrets.token_urlsafe(32)


def token_digest(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()
