"""What was decided, as the filters in the URL ask, and who sees what of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from accounts.lists.filters import Filters, filtered
from accounts.models import Activity
from accounts.models.activity import ActivityQuerySet

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

What = Activity.What

OF_PEOPLE = (
    What.ROLES,
    What.PERSON,
    What.PASSWORD,
    What.FACTOR_ADDED,
    What.FACTOR_REMOVED,
    What.RECOVERY_CODES,
    What.FACTORS_RESET,
    What.SIGN_IN,
    What.SIGN_IN_FAILED,
    What.SIGN_OUT,
)
"""What concerns people, with the addresses that they came from: not for everybody."""

DIGESTS = ("digest", "fingerprint", "sha256")


def sees_people(person: User | AnonymousUser) -> bool:
    return person.has_perm("accounts.view_activity")


def matching_activity(
    person: User | AnonymousUser, asked: QueryDict
) -> ActivityQuerySet:
    """Find what the filters in the URL ask for, of what this person may see."""
    rows = Activity.objects.order_by("-number")
    if not sees_people(person):
        rows = rows.exclude(what__in=OF_PEOPLE)
    return filtered(rows, FILTERS, asked)


def by_day(lookup: str, after: timedelta) -> Callable[[str], Q]:
    """Compare with the beginning of a day, where the person is; nothing else is one."""

    def condition(text: str) -> Q:
        try:
            day = datetime.combine(date.fromisoformat(text), time.min) + after
            return Q(**{lookup: timezone.make_aware(day)})
        except (OverflowError, ValueError):
            return Q(pk__in=[])

    return condition


FILTERS: Filters = {
    "who": lambda name: Q(who__iexact=name),
    "what": lambda what: Q(what=what),
    "about": lambda name: Q(about__icontains=name),
    "from": by_day("at__gte", timedelta(0)),
    "to": by_day("at__lt", timedelta(days=1)),
}


def detail_of(row: Activity) -> dict[str, Any]:
    return row.detail if isinstance(row.detail, dict) else {"detail": row.detail}


def recorded_digest(row: Activity) -> str:
    found = (detail_of(row).get(key) for key in DIGESTS)
    return next((one for one in found if isinstance(one, str) and one), "")
