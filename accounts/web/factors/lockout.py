"""Wrong codes and passkeys count with wrong passwords: an address waits after them."""

from __future__ import annotations

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest

from accounts.models import Activity
from accounts.people.activity import record
from accounts.web.sign_in import UNKNOWN, address

NO_ONE = "unknown passkey"
"""The name for which passkeys are counted that nobody has; no person's has a blank."""


def is_waiting(request: HttpRequest, person: User | None) -> bool:
    """Return whether nothing is looked at from this address; axes answers then."""
    said = credentials(person)
    waits = bool(AxesProxyHandler.is_locked(request, said))
    if waits:
        request.axes_locked_out = True  # type: ignore[attr-defined]  # axes reads it
        request.axes_credentials = said  # type: ignore[attr-defined]  # as above
    return waits


def count_failure(request: HttpRequest, person: User | None, by: str) -> None:
    """Count a wrong code or passkey, and record the try."""
    user_login_failed.send(__name__, credentials=credentials(person), request=request)
    detail = address(request) | {"by": by}
    record(person or UNKNOWN, Activity.What.SIGN_IN_FAILED, "", detail)


def credentials(person: User | None) -> dict[str, str]:
    return {"username": person.get_username() if person else NO_ONE}
