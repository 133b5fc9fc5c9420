"""Who may sign in by password, and how many wrong ones are listened to."""

from __future__ import annotations

import logging
import math
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_network
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt
from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Max, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.people.roles import may_use_password
from accounts.web.factors.views import record_forgotten
from bowline.client_address import address_of


class Passwords(ModelBackend):
    """Passwords of those who may have one; without that their sessions end, too."""

    def user_can_authenticate(self, user: Any) -> bool:
        return may_use_password(user) and super().user_can_authenticate(user)


class SignedOn(ModelBackend):
    """Sessions of people whom the provider has vouched for; it takes no password."""

    def authenticate(self, request: HttpRequest | None, **_: Any) -> User | None:  # type: ignore[override]
        return None


ADDRESS_LIMIT = 20
"""Wrong passwords from one address, whatever the names: an office has one address."""
NAME_LIMIT = 20
"""Wrong passwords for one name, whatever the addresses. After that an address may be
wrong about that name once, not AXES_FAILURE_LIMIT times, before it waits."""
FIRST_WAIT = timedelta(minutes=1)
"""Each further wrong password doubles it."""
LONGEST_WAIT = timedelta(hours=1)
DOUBLINGS = math.ceil(math.log2(LONGEST_WAIT / FIRST_WAIT))
MOST_ROWS = 10_000
"""A flood of addresses pushes out the oldest counts instead of filling the disk."""
log = logging.getLogger(__name__)


def counted_as(request: HttpRequest) -> str | None:
    """Return the address that a try is counted for; in IPv6 a whole /64."""
    address = address_of(request.META.get("REMOTE_ADDR", ""))
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False).network_address)
    return str(address) if address else None


def wait_after(attempts: QuerySet[AccessAttempt], *, allowed: int) -> timedelta:
    """Say how much longer these wrong passwords make somebody wait."""
    counted = attempts.aggregate(
        failures=Sum("failures_since_start"), last=Max("attempt_time")
    )
    beyond = (counted["failures"] or 0) - allowed
    if beyond < 0:
        return timedelta()
    wait = min(FIRST_WAIT * 2 ** min(beyond, DOUBLINGS), LONGEST_WAIT)
    ends: datetime = counted["last"] + wait
    return max(ends - timezone.now(), timedelta())


def wait_of(name: str | None, address: str | None) -> timedelta:
    """Say how long no password for this name is looked at from this address."""
    since = timezone.now() - settings.AXES_COOLOFF_TIME
    recent = AccessAttempt.objects.filter(attempt_time__gt=since)
    here = recent.filter(ip_address=address)
    for_name = recent.filter(username=name)
    tried = for_name.aggregate(failures=Sum("failures_since_start"))["failures"] or 0
    allowed = 1 if tried >= NAME_LIMIT else settings.AXES_FAILURE_LIMIT
    return max(
        wait_after(here, allowed=ADDRESS_LIMIT),
        wait_after(here.filter(username=name), allowed=allowed),
    )


def count(name: str | None, address: str | None, *, path: str) -> None:
    """Count a wrong password.

    One row for a name and an address: with the browser's name in it, as axes has it, a
    client that makes up a new one each time would write a row each time.
    """
    attempt, is_new = AccessAttempt.objects.get_or_create(
        username=name,
        ip_address=address,
        user_agent="",
        defaults={"failures_since_start": 1, "path_info": path},
    )
    if is_new:
        newest = AccessAttempt.objects.order_by("-attempt_time", "-pk")
        oldest = [*newest.values_list("pk", flat=True)[MOST_ROWS : MOST_ROWS + 100]]
        AccessAttempt.objects.filter(pk__in=oldest).delete()
    else:
        AccessAttempt.objects.filter(pk=attempt.pk).update(
            failures_since_start=F("failures_since_start") + 1,
            attempt_time=timezone.now(),
        )


class SignInLimits(AxesDatabaseHandler):  # type: ignore[misc]  # axes has no types
    """What django-axes asks before it checks a password, and reports afterwards."""

    def is_locked(
        self, request: HttpRequest, credentials: dict[str, Any] | None = None
    ) -> bool:
        name = get_client_username(request, credentials)
        return wait_of(name, counted_as(request)) > timedelta()

    def reset_attempts(
        self,
        *,
        ip_address: str | None = None,
        username: str | None = None,
        ip_or_username: bool = False,
    ) -> int:
        """Record whose wrong passwords a command of axes forgets, and forget them."""
        address = Q() if ip_address is None else Q(ip_address=ip_address)
        name = Q() if username is None else Q(username=username)
        both = address | name if ip_or_username else address & name
        with transaction.atomic():
            attempts = AccessAttempt.objects.filter(both)
            record_forgotten(None, attempts)
            count: int = attempts.delete()[0]
        return count

    def user_login_failed(
        self,
        sender: object,
        credentials: dict[str, Any],
        request: Any = None,
        **kwargs: Any,
    ) -> None:
        """Count it, unless no password was looked at: waiting must come to an end."""
        if request is None:
            return
        request.axes_credentials = credentials
        if request.axes_locked_out:
            return
        name, address = get_client_username(request, credentials), counted_as(request)
        self.clean_expired_user_attempts(request, credentials)
        count(name, address, path=request.axes_path_info)
        request.axes_locked_out = wait_of(name, address) > timedelta()
        if request.axes_locked_out:
            log.warning(
                "%s waits after too many wrong passwords, the last for %r.",
                address,
                name,
            )
            user_locked_out.send(
                "axes", request=request, username=name, ip_address=address
            )


def wait_page(
    request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None
) -> HttpResponse:
    """Answer a try that came too early: until when, and who can help."""
    name = get_client_username(request, credentials)
    seconds = max(math.ceil(wait_of(name, counted_as(request)).total_seconds()), 1)
    page = render(
        request,
        "registration/locked.html",
        {"minutes": math.ceil(seconds / 60), "username": name or ""},
        status=429,
    )
    page["Retry-After"] = str(seconds)
    return page
