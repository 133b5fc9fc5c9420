"""The organization's page in a real browser: axe, narrow screens, htmx, no scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from accounts.discover.organization import reading
from accounts.discover.organization.reading import read_on
from accounts.models import Organization
from script.emulated_organization import MANAGING, MEMBERS, Credentials
from tests.accounts.web.browsing import complaints
from tests.rows import managing_row, person

URL = "/accounts/organization/"
DEV = MEMBERS[0]


@pytest.fixture
def here(transactional_db: None, aws: Credentials, prompt_worker: None) -> None:
    person("operator")
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)


@pytest.mark.smoke
def test_it_is_read_while_the_page_shows_how_far_it_is(
    signed_in, here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = signed_in()
    told = complaints(page)
    monkeypatch.setattr(reading, "wake", lambda row: None)

    page.goto(URL)
    page.get_by_role("button", name="Read the organization").click()
    expect(page.get_by_text("Reading the organization.")).to_be_visible()
    read_on(Organization.objects.get())
    expect(page.get_by_text("has 10 accounts; 0 are added.")).to_be_visible()
    page.get_by_label("Environment").fill("test")
    expect(page.get_by_role("button", name="Filter", exact=True)).to_be_hidden()
    page.get_by_label("Organizational unit").select_option("Root / Workloads")
    expect(page).to_have_url(re.compile(r"\?unit="))
    expect(page.locator("[data-found]")).to_have_text("1–7 of 7 accounts")
    page.get_by_label("Select all on this page").check()

    expect(page.get_by_text("7 accounts selected")).to_be_visible()
    expect(page.get_by_label("Environment")).to_have_value("test")
    expect(page.get_by_role("button", name="Add the selected")).to_be_visible()
    assert told == []


def test_accounts_are_described_and_planned_without_javascript(
    signed_in, here: None
) -> None:
    page = signed_in(java_script_enabled=False)

    page.goto(URL)
    page.get_by_role("button", name="Read the organization").click()
    page.get_by_role("checkbox", name=f"Select {DEV.name}").check()
    page.get_by_label("Regions").fill("us-east-1")
    page.get_by_role("button", name="Add the selected").click()
    expect(page.get_by_text("1 account is added.")).to_be_visible()
    page.get_by_role("checkbox", name=f"Select {DEV.name}").check()
    page.get_by_role("button", name="Plan changes").click()

    expect(page.get_by_text("Started to plan 1 account.")).to_be_visible()
