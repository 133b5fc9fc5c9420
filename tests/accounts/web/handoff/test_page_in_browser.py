"""The owner's page in a real browser: what it offers, axe, and a phone."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, expect

from accounts.mapping.handing_off import hand_off_of
from accounts.models import HandedOutText, HandOff, ManagedAccount, ManagingAccount
from accounts.models.states import State, Status
from onboarding.topology import READER_ROLE, MadeBy
from tests.accounts.web.browsing import assert_it_fits, at_widths, complaints, signed_in
from tests.rows import account_row, managing_row, person, run_row

WAYS = ["AWS CLI", "CloudFormation console", "Terraform", "StackSet"]


@pytest.fixture
def path(transactional_db: None) -> str:
    """Describe an account with everything that waits for the organization."""
    person("operator")
    principal = "arn:aws:iam::911111111111:user/bowline"
    managing_row(proof=State.VERIFIED, bowline_principal=principal)
    row = account_row(
        "a-very-long-name-" + "x" * 43,
        providers={"ec2": {}, "lambda": {}},
        made_by=MadeBy.ORGANIZATION.value,
        external_id_prefix="bow-7f3a",
        reader_role=READER_ROLE,
        state=State.HANDED_OFF,
    )
    run_row(Status.HANDED_OFF, account=row, handed_off_at=timezone.now())
    return reverse("accounts:hand-off", args=[row.pk])


@pytest.fixture
def organization(path: str) -> str:
    row = ManagedAccount.objects.get()
    given = hand_off_of(ManagingAccount.objects.get(), row)
    text = HandedOutText.objects.create(digest=given.digest, text=given.text)
    HandOff.objects.create(
        account=row,
        text=text,
        number=1,
        stack_name=given.stack_name,
        region=given.region,
    )
    return reverse("accounts:organization-hand-off")


@at_widths(390, 1440)
def test_the_organizations_page_fits(
    browser: Browser, live_server: Any, organization: str, look: dict[str, Any]
) -> None:
    page = signed_in(browser, live_server, **look)
    told = complaints(page)
    page.goto(organization)

    ways = page.locator("details.installation")
    expect(ways).to_have_count(3)
    for number in range(3):
        if ways.nth(number).get_attribute("open") is None:
            ways.nth(number).locator("> summary").click()
        expect(ways.nth(number).locator("li").first).to_be_visible()
    assert_it_fits(page, look)
    assert told == []


@at_widths(390, 1440)
def test_the_managing_accounts_page_fits(
    browser: Browser, live_server: Any, path: str, look: dict[str, Any]
) -> None:
    ManagingAccount.objects.update(made_by=MadeBy.OWNER.value)
    ManagedAccount.objects.update(granted_at=timezone.now())
    page = signed_in(browser, live_server, **look)
    told = complaints(page)
    row = ManagingAccount.objects.get()

    page.goto(reverse("accounts:hand-off", args=[row.pk]))

    ways = page.locator("details.installation")
    for number in range(ways.count()):
        if ways.nth(number).get_attribute("open") is None:
            ways.nth(number).locator("> summary").click()
        expect(ways.nth(number).locator("li").first).to_be_visible()
    assert ways.count() >= 3
    assert_it_fits(page, look)
    assert told == []


@at_widths(390, 1440)
def test_each_way_opens_and_the_page_fits(
    browser: Browser, live_server: Any, path: str, look: dict[str, Any]
) -> None:
    page = signed_in(browser, live_server, **look)
    told = complaints(page)
    page.goto(path)

    ways = page.locator("details.installation")
    expect(ways.locator("> summary")).to_have_text(WAYS)
    for way in WAYS:
        opened = ways.filter(has=page.get_by_text(way, exact=True))
        if opened.get_attribute("open") is None:
            opened.locator("> summary").click()
        expect(opened.locator("li").first).to_be_visible()
    assert_it_fits(page, look)
    assert told == []
