"""Tried: markup, template tags and invisible characters in every text of AWS and rows.

Refused: every page has the elements and attributes that it has with harmless text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from accounts.models import Question
from onboarding.names import INVISIBLE
from tests.accounts.web.answers import work
from tests.attack.hostile import (
    HARMLESS,
    HOSTILE,
    PLANTED,
    SHORT,
    aws_answers,
    aws_refuses,
)
from tests.attack.planting import OWN, READ, plant
from tests.attack.whole_site import Pages, whole_site
from tests.rows import person

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta"}
VOID |= {"source", "track", "wbr"}
TEXT_ONLY = {"title", "textarea", "option", "script"}
"""Elements in which the browser finds no others."""

LEADS = {"href", "src", "action", "formaction"}


class Shape(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, ...]] = []
        self.open: list[tuple[str, bool]] = []
        self.names: set[str] = set()
        """Of the fields of its forms."""
        self.in_reach: list[str] = []
        """Foreign text that htmx would read if it were markup."""
        self.has_htmx = "htmx" in html
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag in {"input", "select", "textarea"}:
            self.names.add(known.get("name") or "")
        if tag == "wbr":
            return  # one after each colon of an ARN
        self.elements.append((tag, *(attribute(*one) for one in attrs)))
        if tag not in VOID:
            off = "hx-disable" in known or tag in TEXT_ONLY
            self.open.append((tag, off))

    def handle_endtag(self, tag: str) -> None:
        while tag in {name for name, _ in self.open}:
            if self.open.pop()[0] == tag:
                return

    def handle_data(self, data: str) -> None:
        foreign = HARMLESS[:SHORT] in data or PLANTED in data
        if foreign and self.has_htmx and not any(off for _, off in self.open):
            self.in_reach.append(" > ".join(tag for tag, _ in self.open))


def attribute(name: str, value: str | None) -> str:
    """Name an attribute, and say where it leads to."""
    if name == "hx-headers":
        return name  # it says, signed, what the page has shown
    if name in LEADS or name.startswith("hx-"):
        return f"{name}={(value or '').partition('?')[0]}"
    return name


def shape_of(page: Any) -> Shape:
    is_html = "html" in page.headers.get("Content-Type", "")
    return Shape(page.content.decode() if is_html else "")


pytestmark = pytest.mark.django_db


@pytest.fixture
def pages() -> Pages:
    return whole_site()


@pytest.fixture
def browser_of_all(pages: Pages) -> Client:
    """Sign in somebody who may see and do everything."""
    client = Client()
    client.force_login(person("administrator", is_superuser=True))
    return client


def loaded(client: Client, addresses: Iterable[str]) -> dict[str, Any]:
    """Load pages; give each one's status and elements, and see what htmx may read."""
    found = {}
    for address in addresses:
        page = client.get(address)
        shape = shape_of(page)
        if shape.elements:
            assert not INVISIBLE.search(page.content.decode()), address
        assert shape.in_reach == [], address
        found[address] = [page.status_code, *shape.elements]
    return found


def looked_up(client: Client, addresses: list[str]) -> dict[str, Any]:
    """Load pages that ask AWS, and load them again when a worker has the answers."""
    Question.objects.all().delete()
    asked = loaded(client, addresses)
    work()
    answers = [address.replace("look=1", "look=answer") for address in addresses]
    return asked | loaded(client, answers)


@pytest.mark.exhaustive
@pytest.mark.parametrize("spare", [OWN | READ, OWN], ids=["readable", "unreadable"])
def test_no_stored_text_becomes_markup(
    browser_of_all: Client, pages: Pages, spare: set[str]
) -> None:
    every = [*pages.addresses(), *pages.admin_addresses()]
    # A download is on record, so that page would be longer the second time.
    addresses = [one for one in every if not one.endswith("/download/")]

    plant(HARMLESS, spare=spare)
    calm = loaded(browser_of_all, addresses)
    plant(HOSTILE, spare=spare)
    attacked = loaded(browser_of_all, addresses)

    for address in addresses:
        assert attacked[address] == calm[address], address
    assert sum(page[0] == 200 for page in calm.values()) > 50


@pytest.mark.exhaustive
@pytest.mark.parametrize("aws", [aws_answers, aws_refuses])
def test_no_answer_of_aws_becomes_markup(
    browser_of_all: Client,
    pages: Pages,
    monkeypatch: pytest.MonkeyPatch,
    aws: Callable[[pytest.MonkeyPatch, str], None],
) -> None:
    addresses = [*pages.looks()]

    aws(monkeypatch, HARMLESS)
    calm = looked_up(browser_of_all, addresses)
    aws(monkeypatch, HOSTILE)
    attacked = looked_up(browser_of_all, addresses)

    for address in calm:
        assert attacked[address] == calm[address], address
    assert {page[0] for page in calm.values()} <= {200, 302}


def test_nothing_typed_becomes_markup(browser_of_all: Client, pages: Pages) -> None:
    for address in pages.forms():
        names = shape_of(browser_of_all.get(address)).names - {"", "rows"}

        page = browser_of_all.post(address, dict.fromkeys(names, HOSTILE))

        assert page.status_code == 200, address
        shape = shape_of(page)
        assert shape.in_reach == [], address
        words = {word for element in shape.elements for word in element}
        assert not [word for word in words if PLANTED in word], address
        assert not INVISIBLE.search(page.content.decode()), address
