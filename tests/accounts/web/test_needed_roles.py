"""Where a button is for another role, the page says which, and whom to ask."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import permutations
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse

from accounts.models import Spinnaker
from accounts.people.doors import role_needed
from accounts.people.roles import VIEWER, UserRole
from tests.attack.whole_site import whole_site
from tests.rows import person

pytestmark = pytest.mark.django_db

ROLES = ("viewer", "operator", "approver", "administrator")
SPACES = re.compile(r"\s+")


class Controls(HTMLParser):
    """Collects what changes something or leads to it: forms that are posted, buttons,
    and links that look like buttons.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.leads: set[str] = set()
        self.action = ""
        self.open = ""
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "form" and given.get("method", "").lower() == "post":
            self.found.add(f"form to {given.get('action', 'itself')}")
            self.action = given.get("action", "")
        looks = tag == "a" and "btn" in given.get("class", "").split()
        if looks:
            self.leads.add(given.get("href", ""))
        elif tag == "button" and "disabled" not in given:
            self.leads.add(given.get("formaction", self.action))
        if tag == "button" or looks:
            self.open, self.text = tag, ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.action = ""
        if tag == self.open:
            self.found.add(f"{tag} “{SPACES.sub(' ', self.text).strip()}”")
            self.open = ""


def says(page: str, role: str) -> bool:
    """Tell that a page names a role, and whom to ask for what needs it."""
    return f"the {role} role to " in page


def refusing(role: str, page: str) -> list[str]:
    """List where a page leads whoever looks at it to be denied."""
    return [
        f"{role} is led to {path}"
        for path in Controls(main(page)).leads
        if path.startswith("/")
        if (needed := needs(path)) and needed.name not in (VIEWER.name, role)
    ]


def main(page: str) -> str:
    return page.partition("<main")[2]


def needs(address: str) -> UserRole | None:
    match = resolve(urlsplit(address).path)
    return role_needed(match.func, match.app_name)


def is_for_viewers(address: str) -> bool:
    """Leave out what asks for a role: its refusal names it."""
    return needs(address) in (None, VIEWER)


def missing(role: str, other: str, address: str, mine: str, theirs: str) -> list[str]:
    """List what only the other role is shown on a page that does not name it."""
    if says(mine, other):
        return []
    hidden = Controls(main(theirs)).found - Controls(main(mine)).found
    return [f"{address} {role}: {other}'s {control}" for control in sorted(hidden)]


@pytest.mark.exhaustive
def test_nobody_is_shown_a_button_of_another_role_and_each_is_explained() -> None:
    made = whole_site()
    browsers = {role: Client() for role in ROLES}
    for role, browser in browsers.items():
        browser.force_login(person(role))
    found, explained = [], 0
    # Where each role sees what is next for it, nothing is said of the others' work.
    overview = reverse("accounts:overview")
    accounts = [account.get_absolute_url() for account in made.accounts[1:4]]
    addresses = [*made.one_of_each(), *accounts, f"{accounts[0]}hand-off/"]

    for address in filter(is_for_viewers, addresses):
        answers = {role: browser.get(address) for role, browser in browsers.items()}
        shown = {
            role: answer.content.decode()
            for role, answer in answers.items()
            if answer.status_code == 200
            and not answer.streaming
            and "html" in answer["Content-Type"]
        }
        found += [one for role, page in shown.items() for one in refusing(role, page)]
        for role, other in permutations(shown, 2):
            explained += says(shown[role], other)
            if other != "viewer" and address != overview:
                found += missing(role, other, address, shown[role], shown[other])

    assert not found, "\n".join(found)
    assert explained > 30


def times_asked(user: User) -> int:
    browser = Client()
    browser.force_login(user)
    with CaptureQueriesContext(connection) as queries:
        page = browser.get("/settings/spinnaker/")
    assert page.status_code == 200
    return sum("ROW_NUMBER" in query["sql"] for query in queries)


def test_people_with_a_role_are_read_once_and_only_for_whoever_lacks_one() -> None:
    Spinnaker.objects.create(url="https://gate.example.com", release="2026.2")
    almighty = person("administrator", username="almighty")
    almighty.groups.add(*Group.objects.all())

    assert times_asked(almighty) == 0
    assert times_asked(person("viewer")) == 1  # for two sentences


def test_a_new_button_without_the_sentence_is_found() -> None:
    mine, theirs = "<main></main>", '<main><a class="btn">Build</a></main>'
    named = "<main>You need the operator role to build bundles. Ask ada.</main>"

    assert missing("viewer", "operator", "/", mine, theirs)
    assert not missing("viewer", "operator", "/", named, theirs)
    assert not missing("viewer", "operator", "/", theirs, theirs)


def test_a_button_that_somebody_is_not_allowed_to_press_is_found() -> None:
    page = '<main><form method="post" action="/bundles/build/"><button>Build</button>'

    assert refusing("viewer", page) == ["viewer is led to /bundles/build/"]
    assert refusing("operator", page) == []
