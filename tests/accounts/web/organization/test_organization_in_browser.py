"""The organization's page in a real browser: axe, narrow screens, htmx, no scripts."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.discover.organization import reading
from accounts.discover.organization.reading import read_on
from accounts.models import ManagedAccount, Member, Organization
from accounts.models.states import State
from script.emulated_organization import MANAGING, MEMBERS, Credentials
from tests.accounts.discover.organization.organizations import member_row
from tests.accounts.web.browsing import assert_axe_finds_nothing, complaints
from tests.accounts.web.looks import faults
from tests.rows import account_row, managing_row, person

URL = "/accounts/organization/"
DEV = MEMBERS[0]


@pytest.fixture
def many(transactional_db: None) -> None:
    """Keep an organization with more than a page of accounts, in a deep unit."""
    person("operator")
    managing_row()
    for number in range(1, 121):
        name = f"Team {number:03} of a department with a rather long name"
        member_row(f"{number:012}", name, "SUSPENDED" if number == 3 else "ACTIVE")
    path = "Root / Workloads of all departments / Production / Europe / Frankfurt"
    organization = Organization.objects.get()
    unit = organization.units.create(unit_id="ou-a", path=path, lineage="/r/ou-a/")
    Member.objects.update(
        unit=unit,
        joined_at=timezone.now(),
        email="a-long-address-without-spaces@subdomain.example.com",
    )
    for member in Member.objects.all()[:9]:
        member.tags.create(key="cost-center", value="a-long-value-without-spaces" * 2)
    for number, state in enumerate(State.values, start=10):
        account_row(f"a-{state}", account_id=f"{number:012}", state=state)


@pytest.fixture
def here(transactional_db: None, aws: Credentials, prompt_worker: None) -> None:
    person("operator")
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)


def refuse(page: Page) -> None:
    """Tick one, and leave out what is needed."""
    page.goto(URL)
    page.get_by_role("checkbox", name="Select Team 001").check()
    page.get_by_role("button", name="Add the selected").click()
    expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(signed_in, many: None, scheme: str) -> None:
    page = signed_in(color_scheme=scheme, bypass_csp=True)

    for path in (URL, f"{URL}?text=none+such"):
        page.goto(path)
        assert_axe_finds_nothing(page)

    ManagedAccount.objects.all().delete()
    refuse(page)
    assert_axe_finds_nothing(page)


def test_axe_finds_nothing_before_and_while_it_is_read(signed_in, many: None) -> None:
    page = signed_in(bypass_csp=True)

    for fields in (
        {"read_at": None},
        {"message": "AWS refused it.", "hint": "Allow it."},
        {"message": "", "started_at": timezone.now()},
        {"read_at": timezone.now()},
    ):
        Organization.objects.update(**fields)
        page.goto(URL)
        assert_axe_finds_nothing(page)


def test_nothing_sticks_out_or_is_cut(signed_in, many: None) -> None:
    page = signed_in()

    page.goto(URL)

    assert faults(page) == []
    table = page.locator(".table-scroll")
    for width in (390, 820, 1024):
        page.set_viewport_size({"width": width, "height": 844})
        assert table.evaluate("one => one.scrollWidth - one.clientWidth") == 0, width


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
    page.get_by_role("link", name="Show the accounts").click()
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
