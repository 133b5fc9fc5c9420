"""Every page of the site at every width, in both themes."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery
from django.test import Client
from playwright.sync_api import Browser

from accounts.models import Lookup, ManagedAccount, Run
from tests.accounts.web.browsing import signed_in
from tests.accounts.web.looks import axe_findings, faults
from tests.attack.whole_site import whole_site
from tests.rows import person

LONG = "payments-{}-of-a-department-with-a-rather-long-name"
CALLER = {
    "account_id": "911111111111",
    "arn": "arn:aws:sts::911111111111:assumed-role/bowline-of-the-platform-team/i-0a1",
    "principal": "arn:aws:iam::911111111111:role/bowline-of-the-platform-team",
}
STRANGER = ["/sign-in/", "/nowhere/"]


@pytest.fixture
def addresses(
    transactional_db: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Make every row, with long names; name each page that a person can open."""
    monkeypatch.setattr(Celery, "send_task", lambda *_, **__: None)
    site = whole_site()
    for number, account in enumerate(site.accounts):
        ManagedAccount.objects.filter(pk=account.pk).update(name=LONG.format(number))
        Run.objects.filter(account=account).update(account_name=LONG.format(number))
    Lookup.objects.update(answer=CALLER)
    client.force_login(person("administrator", is_superuser=True))
    named = site.one_of_each()
    return [*(address for address in named if is_page(client, address)), *STRANGER]


def is_page(client: Client, address: str) -> bool:
    answer = client.get(address)
    is_html = "html" in answer["Content-Type"]
    return answer.status_code == 200 and is_html and b"<html" in answer.content


def test_nothing_sticks_out_or_is_cut(
    browser: Browser, live_server: Any, addresses: list[str]
) -> None:
    page = signed_in(browser, live_server, "administrator")
    found = []

    for address in addresses:
        page.goto(address)
        found += faults(page)

    assert not found, "\n".join(found)


def test_axe_finds_nothing(
    browser: Browser, live_server: Any, addresses: list[str]
) -> None:
    page = signed_in(browser, live_server, "administrator", bypass_csp=True)
    found = []

    for address in addresses:
        page.goto(address)
        found += axe_findings(page)

    assert not found, "\n".join(found)


def test_the_pages_of_an_empty_site_look_right(
    browser: Browser, live_server: Any, transactional_db: None
) -> None:
    person("operator")
    page = signed_in(browser, live_server, bypass_csp=True)
    found = []

    for address in ("/", "/accounts/", "/runs/", "/bundles/", "/bundles/next/"):
        page.goto(address)
        found += faults(page) + axe_findings(page)

    assert not found, "\n".join(found)
