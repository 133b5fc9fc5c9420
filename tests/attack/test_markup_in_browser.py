"""Tried: hostile text in rows and in AWS's answers, on the pages of a real browser.

Refused: no page sends a request or grows a node that it does not with harmless text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from accounts.models import Question
from tests.accounts.web.browsing import complaints, signed_in
from tests.attack.hostile import HARMLESS, HOSTILE, PLANTED, aws_answers
from tests.attack.planting import OWN, READ, plant
from tests.attack.whole_site import DETAILS, Pages, whole_site
from tests.rows import person

SHAPE = """() => [...document.querySelectorAll("*")].map(
  (one) => [one.tagName, ...one.getAttributeNames().sort()].join(" ")
).filter((one) => !one.startsWith("WBR"))"""

ICON = "/static/mark.svg"
"""Of the tab: a browser asks for it now and then."""
POLLS = re.compile(r"/accounts/organization/progress/$")
"""Whoever reads a page for long enough asks again whether it has changed."""


def seen(page: Page, addresses: Iterable[str]) -> dict[str, Any]:
    """Open each page, wait until htmx has asked; give its nodes and its requests."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    found = {}
    for address in addresses:
        page.goto("about:blank")  # or the page before asks once more
        sent.clear()
        # Idle for half a second is a slow page, too, while it is still being read.
        page.goto(address)
        page.wait_for_load_state("networkidle")
        asked = {
            url for url in sent if not url.endswith(ICON) and not POLLS.search(url)
        }
        found[address] = page.evaluate(SHAPE), sorted(asked)
    return found


def main_pages(site: Pages) -> list[str]:
    """Name the pages that show what AWS answers, and one of each kind beside them."""
    account = site.accounts[0].get_absolute_url()
    ended = [run for run in site.runs if not run.is_working]
    return [
        *(f"{account}{tail.replace('&look=no', '')}" for tail in DETAILS),
        *("/", "/accounts/", "/runs/", "/settings/", "/managing/?switch=1"),
        *(
            account,
            f"{account}permissions/",
            f"{account}identity/",
            f"{account}access/",
        ),
        *(run.get_absolute_url() for run in ended[:4]),
        *("/bundles/1/", "/accounts/organization/"),
    ]


def test_no_page_asks_or_grows_what_it_does_not_with_harmless_text(
    browser: Browser,
    live_server: Any,
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
    prompt_worker: None,
) -> None:
    site = whole_site()
    person("administrator", is_superuser=True)
    page = signed_in(browser, live_server, "administrator")
    told = complaints(page)
    addresses = main_pages(site)

    plant(HARMLESS, spare=OWN | READ)
    aws_answers(monkeypatch, HARMLESS)
    calm = seen(page, addresses)
    # What AWS answers is read again; rows of searches are planted as they are.
    Question.objects.exclude(kind__in=("caller", "clusters")).delete()
    plant(HOSTILE, spare=OWN | READ)
    aws_answers(monkeypatch, HOSTILE)
    attacked = seen(page, addresses)

    for address in addresses:
        assert attacked[address] == calm[address], address
    asked = {url for _, sent in attacked.values() for url in sent}
    assert not [url for url in asked if PLANTED in url]
    assert told == []
