"""Second factors, which are rows of django-allauth: encrypted, added, used, removed."""

from __future__ import annotations

import re
import secrets
from base64 import b32encode, urlsafe_b64encode
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Activity
from accounts.notifications.notifying import notify_of_own
from accounts.people.activity import record

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet

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


What = Activity.What
APP, PASSKEY, CODES = "totp", "webauthn", "recovery_codes"
CALLED = {APP: "authenticator app", PASSKEY: "passkey", CODES: "recovery code"}
DIGITS = 6
HOW_MANY = 10


def factors_of(person: User, *kinds: str) -> QuerySet[Authenticator]:
    rows: QuerySet[Authenticator] = Authenticator.objects.order_by("created_at")
    return rows.filter(user=person, type__in=kinds or CALLED)


def has_factor(person: User) -> bool:
    """Return whether the person has an app or a passkey; codes alone are no factor."""
    return factors_of(person, APP, PASSKEY).exists()


def name_of(factor: Authenticator) -> str:
    called = CALLED[factor.type]
    return f"{called} {factor}" if factor.type == PASSKEY else called


@transaction.atomic
def add(person: User, kind: str, **data: Any) -> list[str]:
    """Add a passkey, or an app instead of the one before. Return recovery codes where
    it is the first factor.
    """
    is_first = not has_factor(person)
    if kind == APP:
        factor = put(person, APP, data)
    else:
        factor = Authenticator.objects.create(user=person, type=kind, data=data)
    codes = make_codes(person) if is_first else []
    notify_of_own(person, record(person, What.FACTOR_ADDED, name_of(factor)))
    return codes


def put(person: User, kind: str, data: dict[str, Any]) -> Authenticator:
    """Write the one row of its kind that the person has."""
    fields = {"data": data, "created_at": timezone.now(), "last_used_at": None}
    rows = Authenticator.objects
    return rows.update_or_create(user=person, type=kind, defaults=fields)[0]


def make_codes(person: User) -> list[str]:
    """Make new ones, as people read them; those of before work no longer."""
    made = [
        b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(HOW_MANY)
    ]
    # django-allauth would derive codes from a secret that it keeps; those of others,
    # which it calls migrated, it compares as they are: here with digests.
    put(person, CODES, {"migrated_codes": [code_digest(code) for code in made]})
    return ["-".join(re.findall("....", code)) for code in made]


def plain(code: str) -> str:
    """Return it as it was made, however it was typed: an app may capitalise it."""
    return re.sub("[^a-z0-9]", "", code.lower())


def code_digest(code: str) -> str:
    """Hash a code of 80 random bits: nobody can try them all."""
    return sha256(plain(code).encode()).hexdigest()


def kind_of(code: str) -> str:
    """Return whether it looks like a code of an app, or like a recovery code."""
    return APP if len(plain(code)) == DIGITS else CODES


def codes_left(person: User) -> int:
    row = factors_of(person, CODES).first()
    return len(row.data["migrated_codes"]) if row else 0


def step_of(secret: str, code: str) -> int | None:
    """Return the 30 seconds since 1970 that the app's code is of; None: of none now."""
    fitting = (
        step
        for step in totp.yield_hotp_counters_from_time()
        if compare_user_code(
            actual=code, expected=totp.format_hotp_value(totp.hotp_value(secret, step))
        )
    )
    return max(fitting, default=None)


def use_code(person: User, code: str) -> bool:
    """Return whether it's right and wasn't used; it is used then. Raise Sealed."""
    factor = factors_of(person, kind_of(code)).first()
    if factor is None:
        return False
    if factor.type == CODES:
        return bool(factor.wrap().validate_code(code_digest(code)))
    secret = unseal(factor.data["secret"])
    step = step_of(secret, code)
    # Sealed with today's key.
    return step is not None and advance(factor, step, secret=seal(secret))


@transaction.atomic
def advance(factor: Authenticator, last: int, **data: str) -> bool:
    """Note the step of a code, or how often a passkey has signed; False: that isn't
    further than before, so it was used, or is a copy's. Some passkeys don't count.
    """
    row = Authenticator.objects.select_for_update(no_key=True).get(pk=factor.pk)
    before = row.data.get("last", 0)
    if last <= before and (last, before) != (0, 0):
        return False
    row.data |= {"last": last, **data}
    row.last_used_at = timezone.now()
    row.save()
    return True


@transaction.atomic
def remove(factor: Authenticator) -> None:
    """Remove it, and the codes with the last factor: they are for whoever lost one."""
    person = factor.user
    factor.delete()
    if not has_factor(person):
        factors_of(person).delete()
    notify_of_own(person, record(person, What.FACTOR_REMOVED, name_of(factor)))


@transaction.atomic
def renew_codes(person: User) -> list[str]:
    codes = make_codes(person)
    record(person, What.RECOVERY_CODES)
    return codes


@transaction.atomic
def reset(person: User, by: User | None) -> bool:
    """Remove all that the person has; return whether there was something."""
    if not factors_of(person).delete()[0]:
        return False
    notify_of_own(person, record(by, What.FACTORS_RESET, person.get_username()))
    return True
