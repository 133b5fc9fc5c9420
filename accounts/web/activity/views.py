"""The page of what was decided, each with what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.http import Request, page_of
from accounts.lists.activity import (
    ACTIVITY,
    DIGESTS,
    OF_PEOPLE,
    What,
    detail_of,
    kinds_seen,
    matching_activity,
    recorded_digest,
    sees_people,
)
from accounts.models import Activity, ManagedAccount, ManagingAccount
from accounts.people.roles import ADMINISTRATOR, has_role
from onboarding.names import some
from onboarding.providers import PROVIDERS

NUMBERED = re.compile(r"(Rollout|Bundle|Delivery) ([1-9]\d{0,8})\b")
"""How an entry names what has a number, and a page called alike."""

LINKED = ("account", "run", "delivery", "bundle", "number", "runs", "rollout")
"""What says nothing else."""

NOTHING: tuple[object, ...] = (None, "", [], {})

MOST_RUNS = 5
"""The most runs of an entry that are links."""

FEWEST = 3
"""From this many neighbours of one person and kind on, they are one row."""


class Entry(NamedTuple):
    activity: Activity
    url: str
    """What it is about; empty: there is no such page, or no longer."""
    digest: str
    """Of the plan that was read, or of the bundle."""
    facts: list[tuple[str, str]]
    """What else was kept, in words."""
    runs: list[int]
    """The numbers of the runs that were decided about."""

    @property
    def more_runs(self) -> int:
        return max(len(self.runs) - MOST_RUNS, 0)


class EntryRow(NamedTuple):
    """An entry, or neighbours that say the same of different things."""

    first: Entry
    alike: list[Entry]
    """All of them, where there are several; the newest first."""
    says: str
    """How many."""

    @property
    def kind(self) -> str:
        return What(self.first.activity.what).label.rstrip(":")

    @property
    def names(self) -> str:
        """Name the first of what it is about."""
        about = (one.activity.about for one in self.alike)
        return some([*dict.fromkeys(filter(None, about))])


def activity(request: Request) -> HttpResponse:
    """List what was decided, newest first, as the filters in the URL ask."""
    found = matching_activity(request.user, request.GET)
    page = page_of(request, found)
    found_entries = entries(page, has_role(request.user, ADMINISTRATOR))
    shown = {
        "page": page,
        "entries": found_entries,
        "rows": list(rows_of(found_entries)),
        "filter_form": ACTIVITY.form(request.GET, what=kinds_seen(request.user)),
        "sees_people": sees_people(request.user),
    }
    return render(request, "activity/activity.html", shown)


def entries(page: Iterable[Activity], of_people: bool) -> list[Entry]:
    """Say of each what it is about, with two more queries for all of them, and another
    one where people have pages.
    """
    rows = list(page)
    accounts = ManagedAccount.objects.filter(name__in={row.about for row in rows})
    urls = {
        account.name: account.get_absolute_url()
        for account in (*ManagingAccount.objects.only("name"), *accounts.only("name"))
    }
    people = pages_of_people(rows) if of_people else {}
    return [
        Entry(
            row,
            url_of(row, people if row.what in OF_PEOPLE else urls),
            recorded_digest(row),
            facts_of(row),
            runs_of(row),
        )
        for row in rows
    ]


def rows_of(found: Iterable[Entry]) -> Iterator[EntryRow]:
    """Put neighbours together that one person decided alike."""
    for _, group in groupby(found, likeness):
        alike = list(group)
        if len(alike) < FEWEST:
            yield from (EntryRow(one, [], "") for one in alike)
        else:
            yield EntryRow(alike[0], alike, counted(alike))


def likeness(one: Entry) -> tuple[Any, ...]:
    row = one.activity
    return row.who, row.what, str(detail_of(row).get("rollout", ""))


def counted(alike: list[Entry]) -> str:
    """Say how many; of groups of plans, how many plans they hold, too."""
    detail = detail_of(alike[0].activity)
    if "rollout" not in detail or not alike[0].runs:
        return f"{len(alike)} times"
    plans = sum(len(one.runs) for one in alike)
    return f"{len(alike)} groups, {plans:,} plans of Rollout {detail['rollout']}"


def pages_of_people(rows: Iterable[Activity]) -> dict[str, str]:
    names = {row.about for row in rows if row.what in OF_PEOPLE and row.about}
    found = User.objects.filter(username__in=names).values_list("username", "pk")
    return {name: reverse("accounts:person", args=[pk]) for name, pk in found}


def url_of(row: Activity, pages: dict[str, str]) -> str:
    """Lead to the account, rollout, bundle, delivery or person."""
    if row.what not in OF_PEOPLE and (found := NUMBERED.match(row.about)):
        kind, number = found.groups()
        return reverse(f"accounts:{kind.lower()}", args=[int(number)])
    return pages.get(row.about, "")


def runs_of(row: Activity) -> list[int]:
    """Return the numbers of its runs; what is stored may be of any kind."""
    detail = detail_of(row)
    numbers = detail.get("runs")
    stored = numbers if isinstance(numbers, list) else [detail.get("number")]
    return [one for one in stored if type(one) is int and 0 < one < 10**9]


def facts_of(row: Activity) -> list[tuple[str, str]]:
    return [
        fact
        for name, value in detail_of(row).items()
        if name not in (*LINKED, *DIGESTS)
        for fact in facts(name, value)
    ]


def facts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    match name, value:
        case "changed", dict():
            for field, change in value.items():
                if field in PROVIDERS or differs(change):
                    yield from changes_of_field(label(field), change)
        case "changed", [_, _]:
            yield from changes_of_field(name, value)
        case _:
            yield label(name), value_in_words(value)


def differs(change: Any) -> bool:
    """Return whether a field was or is anything: a new account's fields are empty."""
    return not isinstance(change, list) or any(one not in NOTHING for one in change)


def changes_of_field(name: str, change: Any) -> Iterator[tuple[str, str]]:
    """Say what a field was and is; of a provider, of each of its details."""
    match change:
        case [None, dict() as now]:
            yield name, f"added, {value_in_words(now)}" if now else "added"
        case [dict(), None]:
            yield name, "removed"
        case [dict() as was, dict() as now]:
            for key in sorted(was.keys() | now.keys()):
                if was.get(key) != now.get(key):
                    pair = [was.get(key), now.get(key)]
                    yield from changes_of_field(f"{name} {label(key)}", pair)
        case [before, after]:
            yield name, f"{value_in_words(before)} → {value_in_words(after)}"
        case _:
            yield name, value_in_words(change)


def label(name: str) -> str:
    return PROVIDERS[name].title if name in PROVIDERS else name.replace("_", " ")


def value_in_words(value: Any) -> str:
    match value:
        case _ if value in NOTHING:
            return "none"
        case bool():
            return "yes" if value else "no"
        case dict():
            given = {name: one for name, one in value.items() if one not in NOTHING}
            return ", ".join(
                f"{label(name)}: {value_in_words(one)}" for name, one in given.items()
            )
        case list():
            return ", ".join(value_in_words(one) for one in value)
        case _:
            return str(value)
