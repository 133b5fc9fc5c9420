"""Encrypt what must be read again, with a key that is derived from SECRET_KEY.

Whoever reads the database or a backup of it has no secret of an authenticator app.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"bowline: secrets of authenticator apps"


class Sealed(ValueError):
    """A text that none of the keys opens: SECRET_KEY is another one now."""


@cache
def derived(key: str) -> Fernet:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
    return Fernet(urlsafe_b64encode(derivation.derive(key.encode())))


def seal(text: str) -> str:
    return derived(settings.SECRET_KEY).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what was sealed, with the key of today or one of before; raise Sealed."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    try:
        both = MultiFernet(map(derived, keys))
        return both.decrypt(sealed.encode(errors="replace")).decode()
    except (InvalidToken, UnicodeDecodeError) as error:
        raise Sealed from error
