"""Filters of lists that a person saved under a name, for themselves alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.forms.fields import RuledField
from accounts.http import Request
from accounts.models import Preferences
from onboarding import names

MOST = 20
"""Of one list: a menu stays one that people read."""

LISTS = ("accounts", "runs", "activity", "people", "organization")
"""The names of their URLs."""


class SavedFilter(NamedTuple):
    name: str
    url: str


class SavedFilterForm(forms.Form):
    list = forms.ChoiceField(choices=[(one, one) for one in LISTS])
    name = RuledField(rule=names.seen, max_length=60)
    query = RuledField(rule=names.seen, max_length=1000)

    def clean_query(self) -> str:
        return QueryDict(self.cleaned_data["query"]).urlencode()


def saved_filters_of(person: User, where: str) -> list[SavedFilter]:
    """List a person's filters of a list by name."""
    row = Preferences.objects.filter(person=person).only("saved_filters").first()
    path = reverse(f"accounts:{where}")
    found = dict(readable(row, where)) if row else {}
    return [SavedFilter(name, f"{path}?{found[name]}") for name in sorted(found)]


def readable(row: Preferences, where: str) -> Iterator[tuple[str, str]]:
    """Yield the names and the queries of a list's filters, as far as they are text."""
    for one in row.saved_filters.get(where, []):
        match one:
            case {"name": str(name), "query": str(query)}:
                yield name, query


def write(person: User, where: str, name: str, query: str | None) -> None:
    """Save a filter, or delete it; raise ValueError where there are too many."""
    with transaction.atomic():
        Preferences.objects.get_or_create(person=person)
        row = Preferences.objects.select_for_update(no_key=True).get(person=person)
        found = dict(readable(row, where))
        found.pop(name, None)
        if query is not None:
            if len(found) >= MOST:
                raise ValueError(
                    f"You have {MOST} saved filters of this list. Delete one first."
                )
            found[name] = query
        row.saved_filters[where] = [{"name": n, "query": q} for n, q in found.items()]
        row.save(update_fields=["saved_filters"])


@require_POST
def filter_save(request: Request) -> HttpResponse:
    form = SavedFilterForm(request.POST)
    if not form.is_valid():
        for wrong in form.errors.values():
            messages.error(request, " ".join(map(str, wrong)))
        return redirect(back(request))
    where, name, query = (form.cleaned_data[key] for key in ("list", "name", "query"))
    try:
        write(request.user, where, name, query)
    except ValueError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The filter “{name}” is saved.")
    return redirect(f"{back(request)}?{query}")


@require_POST
def filter_delete(request: Request) -> HttpResponse:
    where, name = request.POST.get("list", ""), request.POST.get("name", "")
    known = saved_filters_of(request.user, where) if where in LISTS else []
    if name in {one.name for one in known}:
        write(request.user, where, name, None)
        messages.success(request, f"The filter “{name}” is deleted.")
    else:
        messages.info(request, "That filter no longer exists.")
    return redirect(back(request))


def back(request: Request) -> str:
    """Return the list that the form was on; any other leads to the overview."""
    where = request.POST.get("list", "")
    return reverse(f"accounts:{where}" if where in LISTS else "accounts:overview")
