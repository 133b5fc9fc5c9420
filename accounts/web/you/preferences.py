"""A person's preferences, and sessions that end: kept in the database, read at
each request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from accounts.forms.fields import RuledField, bare_helper
from accounts.http import Request
from accounts.models import BrowserSession, Kind, Preferences
from accounts.notifications.notifying import address_of, is_configured
from accounts.web.settings.targets import EnvironmentBoxes, offer_environments
from onboarding import names

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase

SINCE = "signed_in_at"
NOTED_EACH = timedelta(minutes=1)
"""A use that close to the last one is not written down."""
COOKIE_OUTLIVES = 7 * 24 * 60 * 60
"""Seconds for which a browser keeps the cookie of a session that has ended, so that the
sign-in can say that it did.
"""


class SessionStore(DatabaseStore):
    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.ends_at: datetime | None = None
        """When the stored row ends; None: there is none yet."""

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    @classmethod
    def clear_expired(cls) -> None:
        """Delete them; those of a person once no browser keeps the cookie: until then,
        what that person sends is kept.
        """
        now, kept = timezone.now(), timedelta(seconds=COOKIE_OUTLIVES)
        gone = Q(expire_date__lt=now, person=None) | Q(expire_date__lt=now - kept)
        BrowserSession.objects.filter(gone).delete()

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        row: AbstractBaseSession | None = super()._get_session_from_db()  # type: ignore[misc]  # not in the stubs
        self.ends_at = row.expire_date if row else None
        return row

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        """Make the row: saving a session prolongs it by nothing."""
        row = super().create_model_instance(data)
        assert isinstance(row, BrowserSession)
        row.person_id = data.get(SESSION_KEY)
        row.auth_hash = data.get(HASH_SESSION_KEY, "")
        latest = latest_end(data)
        row.expire_date = min(self.ends_at, latest) if self.ends_at else latest
        return row

    def begin(self) -> None:
        """Let it end as one that was used just now, whatever it was before."""
        self.ends_at = self.end_of_use()

    def use(self) -> None:
        """Let it end later, because a person did something."""
        end = self.end_of_use()
        if self.session_key and self.ends_at and end - self.ends_at > NOTED_EACH:
            rows = BrowserSession.objects.filter(session_key=self.session_key)
            rows.update(expire_date=end)
            self.ends_at = end

    def end_of_use(self) -> datetime:
        latest = latest_end({SINCE: self.get(SINCE)})
        idle = timedelta(minutes=settings.SESSION_IDLE_MINUTES)
        return min(timezone.now() + idle, latest) if idle else latest

    def get_expiry_age(self, **kwargs: Any) -> int:
        """Return how long the browser keeps the cookie."""
        return super().get_expiry_age(**kwargs) + COOKIE_OUTLIVES


def latest_end(data: dict[str, Any]) -> datetime:
    """Return when a session of this content ends, however much it is used."""
    since = parse_datetime(str(data.get(SINCE, ""))) or timezone.now()
    return since + timedelta(seconds=settings.SESSION_COOKIE_AGE)


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


TIME_ZONE, SHORTCUTS = "time_zone", "shortcuts"


@cache
def zones() -> tuple[str, ...]:
    """List the zones that have a place for a name, and UTC."""
    named = (zone for zone in available_timezones() if "/" in zone)
    known = (zone for zone in named if not zone.startswith(("Etc/", "SystemV/")))
    return ("UTC", *sorted(known))


def zone_choices() -> list[tuple[str, Any]]:
    """Group the zones by continent, as the names do."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for zone in zones()[1:]:
        continent, _, place = zone.partition("/")
        groups.setdefault(continent, []).append((zone, place.replace("_", " ")))
    browsers = "Use the browser's time zone (UTC without JavaScript)"
    return [("", browsers), ("UTC", "UTC"), *groups.items()]


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]  # it has no [] at run time
    time_zone = forms.ChoiceField(
        label="Time zone",
        required=False,
        choices=zone_choices,
        help_text="Hover over a time to see it in UTC.",
    )

    kinds = forms.MultipleChoiceField(
        label="Email me about",
        required=False,
        choices=Kind.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=(
            "For your runs and watched units, and for plans if you can approve them."
        ),
    )
    environments = EnvironmentBoxes()

    class Meta:
        model = Preferences
        fields = ["time_zone", "shortcuts", "mail", "kinds", "environments"]
        labels = {"shortcuts": "Keyboard shortcuts", "mail": "Email"}
        help_texts = {"shortcuts": "Ctrl-K opens the search even if shortcuts are off."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_environments(self, self.instance.environments)
        self.fields["mail"].help_text = where_mail_goes(self.instance.person)
        self.helper = bare_helper()


def where_mail_goes(person: User) -> str:
    """Say when mail is sent, or why there is none."""
    if not is_configured():
        return "Bowline can't send email because EMAIL_HOST isn't set."
    if address := address_of(person):
        return format_html("To {}.", address)
    return (
        "You don't have an email address. An administrator can add it on the People "
        "page."
    )


def preferences_of(person: User) -> Preferences:
    """Read them, or give those of somebody who chose nothing."""
    row = Preferences.objects.filter(person=person).first()
    return row or Preferences(person=person)


def keep_in_session(session: SessionBase, row: Preferences) -> None:
    session[TIME_ZONE], session[SHORTCUTS] = row.time_zone, row.shortcuts


def keep_everywhere(keys: Iterable[str], row: Preferences) -> None:
    """Let a person's other sessions know at once."""
    for key in keys:
        store = SessionStore(key)
        keep_in_session(store, row)
        store.save()


def time_zone(session: SessionBase) -> str:
    """Return the zone that the person chose; empty: none that is known."""
    chosen = str(session.get(TIME_ZONE, ""))
    return chosen if chosen in zones() else ""


class TimeZone:
    """Middleware: pages show times in the zone that the person chose, or in UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = time_zone(request.session)
        with timezone.override(ZoneInfo(chosen) if chosen else None):
            return self.get_response(request)
