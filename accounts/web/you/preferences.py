"""A person's preferences: kept in the database, and read from their sessions.

A page reads them where it has the session already, and asks the database nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html

from accounts.forms.fields import bare_helper
from accounts.models import Kind, Preferences
from accounts.notifications.addresses import address_of, is_configured
from accounts.web.targets.environments import EnvironmentBoxes, offer_environments
from accounts.web.you.session_store import SessionStore

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.base import SessionBase

TIME_ZONE, SHORTCUTS = "time_zone", "shortcuts"
BROWSERS = "Use the browser's time zone (UTC without JavaScript)"


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
    return [("", BROWSERS), ("UTC", "UTC"), *groups.items()]


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
        labels = {"shortcuts": "Keyboard shortcuts", "mail": "Mail"}
        help_texts = {"shortcuts": "Ctrl-K opens the search even if shortcuts are off."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_environments(self, self.instance.environments)
        self.fields["mail"].help_text = where_mail_goes(self.instance.person)
        self.helper = bare_helper()


WHEN = "To {}."


def where_mail_goes(person: User) -> str:
    """Say when mail is sent, or why there is none."""
    if not is_configured():
        return "Bowline can't send email because EMAIL_HOST isn't set."
    if address := address_of(person):
        return format_html(WHEN, address)
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
