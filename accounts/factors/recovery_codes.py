"""Codes for whoever lost the device: shown once, kept as digests, each works once."""

from __future__ import annotations

import re
import secrets
from base64 import b32encode
from hashlib import sha256
from typing import TYPE_CHECKING

from accounts.models import RecoveryCode

if TYPE_CHECKING:
    from django.contrib.auth.models import User

HOW_MANY = 10


def make_codes(person: User) -> list[str]:
    """Make new ones, as people read them; those of before work no longer."""
    made = [
        b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(HOW_MANY)
    ]
    RecoveryCode.objects.filter(person=person).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(person=person, digest=code_digest(code)) for code in made
    )
    return ["-".join(re.findall("....", code)) for code in made]


def use_code(person: User, code: str) -> bool:
    """Return whether it was one; it is none afterwards."""
    rows = RecoveryCode.objects.filter(person=person, digest=code_digest(code))
    return bool(rows.delete()[0])


def code_digest(code: str) -> str:
    """Hash it as it was made, however it was typed: an app may capitalise it."""
    plain = re.sub("[^a-z0-9]", "", code.lower())
    return sha256(plain.encode()).hexdigest()
