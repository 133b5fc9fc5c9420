"""Second factors in a real browser, with a device that the browser emulates."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Browser, Page, expect

from accounts.factors.keeping import PASSKEY
from accounts.models import Activity
from tests.accounts.web.browsing import assert_it_fits, at_widths, complaints
from tests.accounts.web.factors.people import code, give_app
from tests.rows import PASSWORD, managing_row, person


@pytest.fixture
def site(transactional_db: None) -> None:
    person("operator")
    managing_row()


@pytest.fixture
def page(browser: Browser, live_server: Any, site: None) -> Page:
    page: Page = browser.new_context(base_url=live_server.url).new_page()
    emulate_device(page)
    return page


def emulate_device(page: Page) -> None:
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": device})


def give_password(page: Page) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Name").fill("operator")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add_passkey(page: Page) -> None:
    give_password(page)
    page.goto("/you/")
    page.get_by_role("link", name="Set up your second factor").click()
    page.get_by_role("link", name="Add a passkey").click()
    page.locator("#id_name").fill("my laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_text("The passkey my laptop is added.")).to_be_visible()


def sign_out(page: Page) -> None:
    page.context.clear_cookies()


@pytest.mark.smoke
def test_a_passkey_is_added_and_signs_in_by_itself(page: Page) -> None:
    told = complaints(page)
    add_passkey(page)
    assert page.locator(".factor-codes li").count() == 10
    sign_out(page)

    page.goto("/sign-in/?next=/bundles/")
    page.get_by_role("button", name="Use a passkey instead").click()

    page.wait_for_url("**/bundles/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bundles")
    assert told == []
    assert Authenticator.objects.get(type=PASSKEY).data["last"] > 0
    assert Activity.objects.first().detail["by"] == "passkey"


def test_a_passkey_is_the_second_step_and_confirms(page: Page) -> None:
    add_passkey(page)
    sign_out(page)
    give_password(page)

    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("link", name="Accounts", exact=True)).to_be_visible()
    page.goto("/you/confirm/?next=/you/")
    page.get_by_role("button", name="Confirm with a passkey").click()

    page.wait_for_url("**/you/")


def test_a_device_that_has_a_passkey_says_so(page: Page) -> None:
    add_passkey(page)
    page.goto("/you/second-factor/passkey/")

    page.get_by_role("button", name="Add the passkey").click()

    said = page.get_by_text("This device already has a passkey for you here.")
    expect(said).to_be_visible()


def test_an_app_is_added_and_asked_for_or_a_recovery_code(
    page: Page,
) -> None:
    told = complaints(page)
    give_password(page)
    page.goto("/you/second-factor/app/")
    secret = page.locator(".command code").inner_text()
    page.locator("#id_code").fill(code(secret=secret))
    page.get_by_role("button", name="Add the app").click()
    expect(page.get_by_text("The authenticator app is added.")).to_be_visible()
    recovery = page.locator(".factor-codes li").first.inner_text()
    sign_out(page)

    give_password(page)
    page.get_by_label("Authenticator app code").fill(code(1, secret))
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("link", name="Accounts", exact=True)).to_be_visible()
    sign_out(page)
    give_password(page)
    page.get_by_text("Don't have your device?").click()
    page.get_by_label("Recovery code").fill(recovery)
    page.get_by_role("button", name="Use recovery code").click()

    expect(page.get_by_text("You have 9 left.")).to_be_visible()
    assert told == []


PAGES = (
    "/you/second-factor/",
    "/you/second-factor/app/",
    "/you/second-factor/passkey/",
    "/you/confirm/",
)


@at_widths(1440, 390)
def test_axe_finds_nothing(signed_in, site: None, look: dict[str, Any]) -> None:
    page = signed_in(**look)
    for url in PAGES:
        page.goto(url)
        assert_it_fits(page, look)
    give_app(person("viewer", username="vera"))
    page.context.clear_cookies()
    page.goto("/sign-in/")
    page.get_by_label("Name").fill("vera")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("Don't have your device?").click()

    expect(page.get_by_text("administrator can reset")).to_be_visible()
    assert_it_fits(page, look)
