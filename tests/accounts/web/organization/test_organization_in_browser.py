"""The organization's page in a real browser: axe, narrow screens, htmx, no scripts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.lookups import ORGANIZATION, Question
from accounts.mapping.managing import managing_of
from accounts.models import Lookup, ManagedAccount
from accounts.models.states import State
from accounts.organization import Organization
from onboarding.aws.discover import MemberAccount, Members
from script.emulated_organization import MANAGING, MEMBERS, Credentials
from tests.accounts.web.browsing import (
    assert_axe_finds_nothing,
    complaints,
    signed_in,
)
from tests.accounts.web.looks import faults
from tests.rows import account_row, managing_row, person

URL = "/accounts/organization/"
DEV = MEMBERS[0]


@pytest.fixture
def many(transactional_db: None) -> None:
    """Keep an answer of Organizations with more than a page of accounts."""
    person("operator")
    row = managing_row()
    members = [
        MemberAccount(
            f"{number:012}",
            f"Team {number:03} of a department with a rather long name",
            f"a-long-address-without-spaces-{number}@subdomain.example.com",
            "SUSPENDED" if number == 3 else "ACTIVE",
        )
        for number in range(1, 121)
    ]
    for number, state in enumerate(State.values, start=10):
        account_row(f"a-{state}", account_id=f"{number:012}", state=state)
    managing = managing_of(row)
    question = Question(ORGANIZATION, managing.partition, managing.reach)
    found = Organization("o-a1b2c3d4e5", Members(tuple(members)), timezone.now())
    Lookup.objects.create(
        question=question.digest,
        topic=question.topic,
        parameters=question.parameters,
        answered_at=timezone.now(),
        answer=asdict(found),
    )


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
def test_axe_finds_nothing(
    browser: Browser, live_server: Any, many: None, scheme: str
) -> None:
    page = signed_in(browser, live_server, color_scheme=scheme, bypass_csp=True)

    for path in (URL, f"{URL}?text=none+such"):
        page.goto(path)
        assert_axe_finds_nothing(page)

    ManagedAccount.objects.all().delete()
    refuse(page)
    assert_axe_finds_nothing(page)


def test_axe_finds_nothing_where_aws_does_not_answer(
    browser: Browser, live_server: Any, transactional_db: None, prompt_worker: None
) -> None:
    person("operator")
    managing_row()
    page = signed_in(browser, live_server, bypass_csp=True)

    page.goto(f"{URL}?look=1")

    expect(page.get_by_text("Bowline could not list the accounts")).to_be_visible()
    assert_axe_finds_nothing(page)


def test_nothing_sticks_out_or_is_cut(
    browser: Browser, live_server: Any, many: None
) -> None:
    page = signed_in(browser, live_server)

    page.goto(URL)

    assert faults(page) == []


def test_what_htmx_brings_can_be_ticked_all_and_is_counted(
    browser: Browser, live_server: Any, here: None
) -> None:
    page = signed_in(browser, live_server)
    told = complaints(page)

    page.goto(URL)
    describe = page.get_by_role("button", name="Add the selected")
    expect(page.get_by_text("has 10 accounts; 0 are described.")).to_be_visible()
    expect(page.get_by_text("0 accounts selected")).to_be_visible()
    page.get_by_label("Select all on this page").check()

    expect(page.get_by_text("9 accounts selected")).to_be_visible()
    expect(describe).to_be_visible()
    assert told == []


def test_accounts_are_described_and_planned_without_javascript(
    browser: Browser, live_server: Any, here: None
) -> None:
    page = signed_in(browser, live_server, java_script_enabled=False)

    page.goto(URL)
    page.get_by_role("link", name="List the organization's accounts").click()
    page.get_by_role("checkbox", name=f"Select {DEV.name}").check()
    page.get_by_label("Regions").fill("us-east-1")
    page.get_by_role("button", name="Add the selected").click()
    expect(page.get_by_text("1 account is described.")).to_be_visible()
    page.get_by_role("checkbox", name=f"Select {DEV.name}").check()
    page.get_by_role("button", name="Plan changes").click()

    expect(page.get_by_text("Started to plan 1 account.")).to_be_visible()
