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
def fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(derived(key)) for key in keys])


def derived(key: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
    return urlsafe_b64encode(derivation.derive(key.encode()))


def keys() -> MultiFernet:
    """Give the key of today first: it seals; those of before only open."""
    return fernet((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


def seal(text: str) -> str:
    return keys().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what was sealed; raise Sealed."""
    try:
        return keys().decrypt(sealed.encode(errors="replace")).decode()
    except (InvalidToken, UnicodeDecodeError) as error:
        raise Sealed from error
