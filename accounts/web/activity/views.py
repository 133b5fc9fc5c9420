"""The page of what was decided, each with what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.http import Request
from accounts.lists.activity import (
    DIGESTS,
    FILTERS,
    OF_PEOPLE,
    What,
    detail_of,
    digest_of,
    matching,
    sees_people,
)
from accounts.models import Activity, ManagedAccount
from accounts.people.roles import ADMINISTRATOR, has_role

PAGE = 50

LINKS = {"number": "run-by-number", "rollout": "rollout"}
"""The page that a number in an entry leads to."""

LINKED = ("account", "run", "delivery", *LINKS)
"""What says nothing else."""


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
