"""The places that every page leads to, and the pages that search can lead to, with who
may open them.

Which role a page needs is read from its view, so the two cannot disagree.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from django.urls import resolve, reverse

from accounts.people.doors import role_needed
from accounts.people.roles import UserRole, has_role

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from accounts.people.role_limits.limits import Person


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
    Place("help", "Documentation", "accounts:documentation"),
)


class Destination(NamedTuple):
    title: str
    url: str
    """The name of the URL."""
    icon: str
    words: str = ""
    """What else people call it."""
    tail: str = ""
    """A query or a fragment."""

    @property
    def path(self) -> str:
        return reverse(self.url) + self.tail

    def matches(self, text: str) -> bool:
        """Return whether every word of the text begins or continues one of its own."""
        said = f"{self.title} {self.words}".lower()
        return all(word in said for word in text.lower().split())


DESTINATIONS = (
    *(Destination(place.title, place.url, place.icon) for place in PLACES),
    Destination(
        "Managing account",
        "accounts:managing",
        "accounts",
        "spinnaker identity base role image keys baking",
    ),
    Destination(
        "Onboard an account", "accounts:wizard-new", "plus", "add new create wizard"
    ),
    Destination(
        "Add accounts from the organization",
        "accounts:organization",
        "plus",
        "many aws organizations members",
    ),
    Destination(
        "Add accounts from a file",
        "accounts:from-file",
        "plus",
        "many csv yaml excel spreadsheet upload import template export",
    ),
    Destination(
        "I have a Spinnaker already",
        "accounts:adopt",
        "plus",
        "adopt existing accounts import halyard halconfig clouddriver kubeconfig",
    ),
    Destination(
        "Plans that wait for approval",
        "accounts:runs",
        "clock",
        "approve review pending planned",
        "?status=planned",
    ),
    Destination(
        "Failed runs", "accounts:runs", "cross", "errors refused", "?status=failed"
    ),
    Destination(
        "Failed accounts", "accounts:accounts", "cross", "broken", "?state=failed"
    ),
    Destination(
        "Drifted accounts", "accounts:accounts", "drift", "changed", "?state=drifted"
    ),
    Destination(
        "Accounts with a stale verification",
        "accounts:accounts",
        "clock",
        "",
        "?verification=stale",
    ),
    Destination(
        "Accounts with an older policy version",
        "accounts:accounts",
        "drift",
        "policy set",
        "?policies=older",
    ),
    Destination("Bundles", "accounts:bundles", "bundles", "zip list"),
    Destination(
        "In Spinnaker now",
        "accounts:spinnaker-now",
        "bundles",
        "installed run halyard kustomize operator",
    ),
    Destination(
        "Next bundle", "accounts:bundle-next", "bundles", "preview build changes"
    ),
    Destination(
        "Deliveries to Spinnaker",
        "accounts:deliveries",
        "bundles",
        "deliver live gate running push loaded",
    ),
    Destination("Roles", "accounts:settings", "lock", "roles people", ""),
    Destination(
        "People",
        "accounts:people",
        "person",
        "users roles give deactivate sessions password link administrators groups "
        "single sign-on sso oidc provider okta entra keycloak",
    ),
    Destination("Add a person", "accounts:person-add", "plus", "new user invite"),
    Destination(
        "Require a second approver",
        "accounts:settings",
        "lock",
        "four eyes second person environment",
        "?tab=rules",
    ),
    Destination(
        "Spinnaker connection",
        "accounts:spinnaker",
        "settings",
        "running gate connect live delivery clouddriver account storage",
    ),
    Destination(
        "Notifications",
        "accounts:targets",
        "settings",
        "slack teams webhook notices mail alerts channel target",
    ),
    Destination(
        "Your settings",
        "you",
        "person",
        "password sessions time zone shortcuts preferences",
    ),
    Destination(
        "Documentation", "accounts:documentation", "question", "help manual guide"
    ),
    Destination("Admin site", "admin:index", "lock", "records users"),
)


@cache
def role_for(url: str) -> UserRole | None:
    match = resolve(reverse(url))
    return role_needed(match.func, match.app_name)


def opens(person: Person, url: str) -> bool:
    """Return whether a person may open the page with this name."""
    role = role_for(url)
    return role is None or has_role(person, role)


def destinations(person: User, text: str) -> list[Destination]:
    """Find the pages that match a text, and that the person may open."""
    return [one for one in DESTINATIONS if one.matches(text) and opens(person, one.url)]
