"""The list of what was decided: how it is searched, and who sees what of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from accounts.http import Request
from accounts.models import Activity, ManagedAccount
from accounts.models.activity import ActivityQuerySet
from accounts.people.roles import ADMINISTRATOR, has_role
from accounts.web.search.filters import Filters, filtered

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

What = Activity.What

PAGE = 50
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

LINKS = {"number": "run-by-number", "rollout": "rollout"}
"""The page that a number in an entry leads to."""

LINKED = ("account", "run", "delivery", *LINKS)
"""What says nothing else."""

DIGESTS = ("digest", "fingerprint", "sha256")


class Entry(NamedTuple):
    activity: Activity
    url: str
    """What it is about; empty: there is no such page, or no longer."""
    digest: str
    """Of the plan that was read, or of the bundle."""
    facts: list[tuple[str, str]]
    """What else was kept, in words."""


def activity(request: Request) -> HttpResponse:
    """List what was decided, newest first, as the filters in the URL ask."""
    found = matching(request.user, request.GET)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    shown = {
        "crumbs": [("Settings", reverse("accounts:settings"))],
        "page": page,
        "entries": entries(page, has_role(request.user, ADMINISTRATOR)),
        "filters": {key: request.GET.get(key, "").strip() for key in FILTERS},
        "is_filtered": any(request.GET.get(key) for key in FILTERS),
        "kinds": [
            (what.value, what.label.rstrip(":"))
            for what in What
            if sees_people(request.user) or what not in OF_PEOPLE
        ],
        "sees_people": sees_people(request.user),
    }
    return render(request, "activity/activity.html", shown)


def sees_people(person: User | AnonymousUser) -> bool:
    return person.has_perm("accounts.view_activity")


def matching(person: User | AnonymousUser, asked: QueryDict) -> ActivityQuerySet:
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


def entries(page: Iterable[Activity], of_people: bool) -> list[Entry]:
    """Say of each what it is about, with one more query for all of them, and another
    one where people have pages.
    """
    rows = list(page)
    accounts = ManagedAccount.objects.filter(name__in={row.about for row in rows})
    urls = {
        account.name: account.get_absolute_url() for account in accounts.only("name")
    }
    people = pages_of_people(rows) if of_people else {}
    return [
        Entry(
            row,
            url_of(row, people if row.what in OF_PEOPLE else urls),
            digest_of(row),
            facts_of(row),
        )
        for row in rows
    ]


def pages_of_people(rows: Iterable[Activity]) -> dict[str, str]:
    names = {row.about for row in rows if row.what in OF_PEOPLE and row.about}
    found = User.objects.filter(username__in=names).values_list("username", "pk")
    return {name: reverse("accounts:person", args=[pk]) for name, pk in found}


def url_of(row: Activity, pages: dict[str, str]) -> str:
    """Lead to the run, rollout or page; what is stored may be of any kind."""
    for key, name in LINKS.items():
        number = detail_of(row).get(key)
        if isinstance(number, int) and 0 < number < 10**9:
            return reverse(f"accounts:{name}", args=[number])
    return pages.get(row.about, "")


def detail_of(row: Activity) -> dict[str, Any]:
    return row.detail if isinstance(row.detail, dict) else {"detail": row.detail}


def digest_of(row: Activity) -> str:
    found = (detail_of(row).get(key) for key in DIGESTS)
    return next((one for one in found if isinstance(one, str) and one), "")


def facts_of(row: Activity) -> list[tuple[str, str]]:
    return [
        (name.replace("_", " "), said(value))
        for name, value in detail_of(row).items()
        if name not in (*LINKED, *DIGESTS)
    ]


def said(value: Any) -> str:
    match value:
        case dict():
            return ", ".join(f"{name}: {said(one)}" for name, one in value.items())
        case list():
            return ", ".join(said(one) for one in value)
        case _:
            return str(value)
