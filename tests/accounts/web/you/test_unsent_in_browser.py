"""What somebody typed in the wizard survives the end of their session, and a sign-in in
another tab, in a real browser.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import BrowserSession, ManagedAccount
from tests.accounts.web.browsing import assert_axe_finds_nothing
from tests.factories import MANAGED_ID
from tests.rows import PASSWORD, managing_row, person


@pytest.fixture
def page(signed_in, transactional_db: None) -> Page:
    person("operator")
    managing_row()
    return signed_in()


def fill_in(page: Page) -> None:
    page.goto("/accounts/new/")
    page.get_by_label("Name in Spinnaker").fill("dev")
    page.get_by_label("AWS account ID").fill(MANAGED_ID)


def sign_in(page: Page) -> None:
    page.get_by_label("Name").fill("operator")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def send_again(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Send the form again")
    expect(page.get_by_text(MANAGED_ID)).to_be_visible()
    assert not ManagedAccount.objects.exists()
    assert_axe_finds_nothing(page)
    page.get_by_role("button", name="Send again").click()
    page.wait_for_url("**/providers/")


@pytest.mark.smoke
def test_the_wizard_goes_on_after_the_session_ended(page: Page) -> None:
    fill_in(page)
    past = timezone.now() - timedelta(hours=1)
    BrowserSession.objects.update(expire_date=past)

    page.get_by_role("button", name="Save and continue").click()
    sign_in(page)
    send_again(page)

    (account,) = ManagedAccount.objects.all()
    assert (account.name, account.account_id) == ("dev", MANAGED_ID)


def test_the_wizard_goes_on_after_a_sign_in_in_another_tab(page: Page) -> None:
    fill_in(page)
    other = page.context.new_page()
    other.goto("/you/")
    other.locator("form[action='/sign-out/'] button").evaluate("one => one.click()")
    other.wait_for_url("**/sign-in/**")
    sign_in(other)
    other.wait_for_url(lambda url: "sign-in" not in url)

    page.get_by_role("button", name="Save and continue").click()
    send_again(page)

    assert ManagedAccount.objects.get().name == "dev"
