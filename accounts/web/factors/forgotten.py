"""Wrong passwords that are forgotten, which ends a wait."""

from __future__ import annotations

from collections.abc import Iterable

from axes.models import AccessAttempt
from django.contrib.auth.models import User

from accounts.models import Activity
from accounts.people.activity import Decision, record_many


def record_forgotten(by: User | None, attempts: Iterable[AccessAttempt]) -> None:
    """Record whose wrong passwords are forgotten, before they are."""
    forgotten = [
        Decision(
            Activity.What.PERSON,
            attempt.username or "",
            {
                "forgotten": f"{attempt.failures_since_start} wrong passwords",
                "address": attempt.ip_address,
            },
        )
        for attempt in attempts
    ]
    record_many(by, forgotten)
