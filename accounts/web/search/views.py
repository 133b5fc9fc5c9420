"""Search: pages and settings by their names, accounts, runs and bundles.

Which role a page needs is read from its view, so the two cannot disagree.

Each kind takes one query, whatever is found. Rows are read as values: an account that
cannot be read is still found, and its own page says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import resolve, reverse
from django.utils.timezone import localtime

from accounts.help.documents import Document, matching_documents, named_documents
from accounts.http import Request
from accounts.lists.accounts import by_any_name, by_text, digits
from accounts.lists.bundles import NUMBER as BUNDLE_NUMBER
from accounts.lists.runs import NUMBER as RUN_NUMBER
from accounts.models import Bundle, ManagedAccount, ManagingAccount, Run, SpinnakerName
from accounts.models.states import stale_since, standing_word
from accounts.people.doors import role_needed
from accounts.people.roles import UserRole, has_role

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from accounts.people.role_limits.limits import Person


class Destination(NamedTuple):
    title: str
    url: str
    """The name of the URL."""
    icon: str
    words: str = ""
    """What else people call it."""
    tail: str = ""
    """A query or a fragment."""
    key: str = ""
    """Of a place: what leads there, after “g”."""

    @property
    def path(self) -> str:
        return reverse(self.url) + self.tail

    def matches(self, text: str) -> bool:
        """Return whether every word of the text begins or continues one of its own."""
        said = f"{self.title} {self.words}".lower()
        return all(word in said for word in text.lower().split())


PLACES = (
    Destination("Overview", "accounts:overview", "overview", key="o"),
    Destination("Accounts", "accounts:accounts", "accounts", key="a"),
    Destination("Runs", "accounts:runs", "runs", key="r"),
    Destination("Spinnaker", "accounts:bundles", "bundles", key="b"),
    Destination("Activity", "accounts:activity", "activity", key="t"),
    Destination("Settings", "accounts:settings", "settings", key="s"),
    Destination(
        "Documentation", "accounts:documentation", "help", "help manual guide", key="h"
    ),
)
"""Icons are named as the first part of the place's URLs."""
DESTINATIONS = (
    *PLACES,
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
        "Adopt an existing Spinnaker",
        "accounts:adopt",
        "plus",
        "have already accounts import halyard halconfig clouddriver kubeconfig",
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
    Destination("Roles", "accounts:settings", "lock", "roles people"),
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


MOST = 8
"""The most of each kind that are listed; the lists have filters for more."""

LONGEST = 100
ACCOUNT = (
    "pk",
    "name",
    "account_id",
    "environment",
    "state",
    "verification",
    "verified_at",
    "unknown_writes",
    "undeployable",
    "unapproved",
)
RUN = (
    "number",
    "kind",
    "take_over",
    "account_name",
    "account__granted_at",
    "status",
    "created_at",
)
REFERENCE = re.compile(r"[0-9a-f]{4,8}|[0-9a-f]{8}-[0-9a-f-]{0,27}")


class Hit(NamedTuple):
    title: str
    url: str
    icon: str
    note: str = ""
    word: str = ""
    """A state, to be shown as a badge."""


class Group(NamedTuple):
    title: str
    hits: list[Hit]


def find(person: User, typed: str) -> list[Group]:
    """Find what matches, by kind; nothing typed finds every page."""
    text = " ".join(typed.replace("\0", " ").split())[:LONGEST]
    pages = Group(
        "Pages",
        [
            Hit(one.title, one.path, one.icon)
            for one in DESTINATIONS
            if one.matches(text) and opens(person, one.url)
        ],
    )
    if not text:
        return [pages]
    rows = list(matching_accounts(text).values(*ACCOUNT)[:MOST])
    groups = [
        Group("Accounts", [*managing_hits(text), *account_hits(text, rows)]),
        pages,
        Group("Runs", list(run_hits(text, rows))),
        Group("Bundles", list(bundle_hits(text))),
        documentation(named_documents(text)),
    ]
    found = [group for group in groups if group.hits]
    if found or len(text) < 3:
        return found
    documents = matching_documents(text)
    return [documentation(documents)] if documents else []


def matching_accounts(text: str) -> QuerySet[ManagedAccount]:
    """Find accounts by name, id, or name in Spinnaker; what begins so comes first.

    One character is in nearly every name, so names must begin with it.
    """
    begins = Q(name__istartswith=text) | Q(account_id__startswith=digits(text))
    if len(text) == 1:
        return ManagedAccount.objects.filter(begins).order_by("name")
    rank = Case(
        When(begins, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    return ManagedAccount.objects.filter(by_any_name(text)).order_by(rank, "name")


def account_hits(text: str, rows: list[dict[str, Any]]) -> Iterator[Hit]:
    known_as = names_in_spinnaker(text, [row["pk"] for row in rows])
    for row in rows:
        others = known_as.get(row["pk"], set()) - {row["name"]}
        note = [row["account_id"], row["environment"]]
        note += [f"{name} in Spinnaker" for name in sorted(others)]
        is_stale = stale_since(row["verification"], row["verified_at"]) is not None
        yield Hit(
            row["name"],
            reverse("accounts:account", args=[row["pk"]]),
            "accounts",
            " · ".join(filter(None, note)),
            standing_word(
                row["state"],
                is_stale=is_stale,
                unknown_writes=row["unknown_writes"],
                undeployable=row["undeployable"],
                unapproved=row["unapproved"],
            ),
        )


def names_in_spinnaker(text: str, accounts: list[UUID]) -> dict[UUID, set[str]]:
    """Return the matching names that Spinnaker has of accounts."""
    rows = SpinnakerName.objects.filter(name__icontains=text, account__in=accounts)
    found: dict[UUID, set[str]] = {}
    for account, name in rows.values_list("account_id", "name"):
        found.setdefault(account, set()).add(name)
    return found


def managing_hits(text: str) -> Iterator[Hit]:
    rows = ManagingAccount.objects.filter(by_text(text))
    for name, account_id in rows.values_list("name", "account_id")[:1]:
        note = f"{account_id} · managing account"
        yield Hit(name, reverse("accounts:managing"), "accounts", note)


def run_hits(text: str, accounts: list[dict[str, Any]]) -> Iterator[Hit]:
    """Find runs by number or reference, of the accounts found, and of deleted ones."""
    ids = [row["pk"] for row in accounts]
    asked = Q(account__in=ids) | Q(account=None, account_name__icontains=text)
    if within := references(text):
        asked |= Q(pk__range=within)
    if numbered := RUN_NUMBER.fullmatch(text):
        asked |= Q(number=int(numbered[1]))
    rows = Run.objects.filter(asked).order_by("-created_at")
    for run in rows.select_related("account").only(*RUN)[:MOST]:
        yield Hit(
            f"{run.title}: {run.heading}",
            run.get_absolute_url(),
            "runs",
            f"{run.reference} · {day(run.created_at)}",
            run.status,
        )


def references(text: str) -> tuple[UUID, UUID] | None:
    """Return the first and the last id that begin with the text, if any can."""
    if not REFERENCE.fullmatch(text.lower()):
        return None
    begins = text.lower().replace("-", "")
    return UUID(begins.ljust(32, "0")), UUID(begins.ljust(32, "f"))


def bundle_hits(text: str) -> Iterator[Hit]:
    """Find a bundle by number, or the newest ones by their name."""
    rows = Bundle.objects.values("number", "status", "created_at")
    if found := BUNDLE_NUMBER.fullmatch(text):
        rows = rows.filter(number=int(found[1]))
    elif not (len(text) > 2 and "bundles".startswith(text.lower())):
        return
    for row in rows[:MOST]:
        yield Hit(
            f"Bundle {row['number']}",
            reverse("accounts:bundle", args=[row["number"]]),
            "bundles",
            f"{row['status']} · {day(row['created_at'])}",
        )


def documentation(found: list[Document]) -> Group:
    hits = [Hit(one.title, one.url, "question", one.line) for one in found[:MOST]]
    return Group("Documentation", hits)


def day(moment: datetime) -> str:
    """Write the day in the reader's zone."""
    return f"{localtime(moment):%-d %b %Y}"


def search(request: Request) -> HttpResponse:
    typed = request.GET.get("text", "")
    groups = find(request.user, typed)
    shown = {
        "typed": typed,
        "groups": groups,
        "count": sum(len(group.hits) for group in groups),
    }
    template = "search/_found.html" if request.htmx else "search/search.html"
    return render(request, template, shown)
