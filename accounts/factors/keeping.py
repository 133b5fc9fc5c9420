"""Add, use, remove and reset second factors; each decision is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from accounts.factors.app_codes import step_of
from accounts.factors.recovery_codes import make_codes
from accounts.factors.sealing import seal, unseal
from accounts.models import Activity, AuthenticatorApp, Passkey, RecoveryCode
from accounts.notifications.notifying import notify_of_own
from accounts.people.activity import record

if TYPE_CHECKING:
    from django.contrib.auth.models import User

What = Activity.What
APP = "authenticator app"


def has_factor(person: User) -> bool:
    """Return whether the person has an app or a passkey; codes alone are no factor."""
    apps = AuthenticatorApp.objects.filter(person=person)
    return apps.exists() or Passkey.objects.filter(person=person).exists()


@transaction.atomic
def add_app(person: User, secret: str, code: str) -> list[str] | None:
    """Add the app if the code is one of it, instead of the one before. Return recovery
    codes where it is the first factor; None: the code is wrong.
    """
    step = step_of(secret, code)
    if step is None:
        return None
    is_first = not has_factor(person)
    AuthenticatorApp.objects.update_or_create(
        person=person,
        defaults={
            "secret": seal(secret),
            "last_step": step,
            "created_at": timezone.now(),
            "used_at": None,
        },
    )
    return added(person, APP, is_first=is_first)


@transaction.atomic
def add_passkey(passkey: Passkey) -> list[str]:
    """Add a passkey. Return recovery codes where it is the first factor."""
    is_first = not has_factor(passkey.person)
    passkey.save(force_insert=True)
    return added(passkey.person, f"passkey {passkey}", is_first=is_first)


def added(person: User, factor: str, *, is_first: bool) -> list[str]:
    codes = make_codes(person) if is_first else []
    notify_of_own(person, record(person, What.FACTOR_ADDED, factor))
    return codes


def use_app(person: User, code: str) -> bool:
    """Return whether the code is right and was not used; raise Sealed."""
    app = AuthenticatorApp.objects.filter(person=person).first()
    if app is None:
        return False
    secret = unseal(app.secret)
    step = step_of(secret, code, after=app.last_step)
    if step is None:
        return False
    # Of two requests with the same code one finds the row. Sealed with today's key.
    rows = AuthenticatorApp.objects.filter(person=person, last_step__lt=step)
    now = timezone.now()
    return bool(rows.update(last_step=step, used_at=now, secret=seal(secret)))


@transaction.atomic
def remove_app(person: User) -> bool:
    if not AuthenticatorApp.objects.filter(person=person).delete()[0]:
        return False
    removed(person, APP)
    return True


@transaction.atomic
def remove_passkey(passkey: Passkey) -> None:
    passkey.delete()
    removed(passkey.person, f"passkey {passkey}")


def removed(person: User, factor: str) -> None:
    """Delete the codes with the last factor: they are for whoever lost one."""
    if not has_factor(person):
        RecoveryCode.objects.filter(person=person).delete()
    notify_of_own(person, record(person, What.FACTOR_REMOVED, factor))


@transaction.atomic
def renew_codes(person: User) -> list[str]:
    codes = make_codes(person)
    record(person, What.RECOVERY_CODES)
    return codes


@transaction.atomic
def reset(person: User, by: User | None) -> bool:
    """Remove all that the person has; return whether there was something."""
    kinds = (AuthenticatorApp, Passkey, RecoveryCode)
    found = sum(
        kind._default_manager.filter(person=person).delete()[0] for kind in kinds
    )
    if found:
        entry = record(by, What.FACTORS_RESET, person.get_username())
        notify_of_own(person, entry)
    return bool(found)
