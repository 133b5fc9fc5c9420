"""The places that every page leads to."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse


class Place(NamedTuple):
    section: str
    """The first part of the place's URLs, and of the icon's name."""
    title: str
    url: str
    letter: str = ""
    """The key that leads there, after “g”; empty: the first letter of its section."""

    @property
    def path(self) -> str:
        return reverse(self.url)

    @property
    def icon(self) -> str:
        return self.section

    @property
    def key(self) -> str:
        return self.letter or self.section[0]


PLACES = (
    Place("overview", "Overview", "accounts:overview"),
    Place("accounts", "Accounts", "accounts:accounts"),
    Place("runs", "Runs", "accounts:runs"),
    Place("bundles", "Spinnaker", "accounts:bundles"),
    Place("activity", "Activity", "accounts:activity", letter="t"),
    Place("settings", "Settings", "accounts:settings"),
    Place("help", "Help", "accounts:help"),
)
