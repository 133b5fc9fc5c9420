"""What was decided: the list with its filters, and who sees what of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from accounts.lists.declaration import AT_ONCE, NOTHING, Choices, Filter, Listing
from accounts.models import Activity
from accounts.models.people import ActivityQuerySet

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
    return ACTIVITY.matching(rows, asked)


def by_day(lookup: str, after: timedelta) -> Callable[[str], Q]:
    """Compare with the beginning of a day, where the person is; nothing else is one."""

    def condition(text: str) -> Q:
        try:
            day = datetime.combine(date.fromisoformat(text), time.min) + after
            return Q(**{lookup: timezone.make_aware(day)})
        except (OverflowError, ValueError):
            return NOTHING

    return condition


def detail_of(row: Activity) -> dict[str, Any]:
    return row.detail if isinstance(row.detail, dict) else {"detail": row.detail}


def recorded_digest(row: Activity) -> str:
    found = (detail_of(row).get(key) for key in DIGESTS)
    return next((one for one in found if isinstance(one, str) and one), "")


def kinds_seen(person: User | AnonymousUser) -> Choices:
    """Name the kinds of events that this person may see."""
    of_all = sees_people(person)
    return [
        (what.value, what.label.rstrip(":"))
        for what in What
        if of_all or what not in OF_PEOPLE
    ]


ACTIVITY = Listing(
    "activity",
    title="Activity",
    filters=(
        Filter(
            "about",
            lambda name: Q(about__icontains=name),
            "Account, rollout, or bundle",
            help="Part of an account's name",
        ),
        Filter(
            "who",
            lambda name: Q(who__iexact=name),
            "Person",
            help="A person's name",
            often=True,
        ),
        Filter(
            "what",
            lambda what: Q(what=what),
            "Kind",
            What.choices,
            words="ActivityWhat",
            often=True,
        ),
        Filter(
            "from",
            by_day("at__gte", timedelta(0)),
            "From",
            help="A day, such as 2026-11-27",
            kind="day",
        ),
        Filter(
            "to", by_day("at__lt", timedelta(days=1)), "To", help="A day", kind="day"
        ),
    ),
    columns={
        "number": lambda row: row.number,
        "at": lambda row: row.at,
        "who": lambda row: row.who,
        "what": lambda row: row.what,
        "about": lambda row: row.about,
        "digest": recorded_digest,
        "detail": detail_of,
        "hash": lambda row: row.hash,
    },
    exported=lambda asked, person: matching_activity(person, asked).iterator(
        chunk_size=AT_ONCE
    ),
)
