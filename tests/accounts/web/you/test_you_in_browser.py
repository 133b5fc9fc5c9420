"""The person's own page in a real browser, and what its choices do on others."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from accounts.models import ManagedAccount
from accounts.models.states import State
from tests.rows import account_row, managing_row, person

MOMENT = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)


@pytest.fixture
def site(transactional_db: None) -> None:
    person("operator")
    managing_row()
    row = account_row(state=State.VERIFIED, verification=State.VERIFIED)
    ManagedAccount.objects.filter(pk=row.pk).update(verified_at=MOMENT)


def exact_time(page: Page) -> str:
    page.goto("/accounts/")
    page.wait_for_load_state("load")
    return page.locator("time").first.get_attribute("title") or ""


def test_times_are_the_browsers_until_a_zone_is_chosen(signed_in, site: None) -> None:
    page = signed_in(timezone_id="Asia/Tokyo")
    assert exact_time(page).startswith("1 Jul 2026, 21:30:00")
    assert exact_time(page).endswith("1 Jul 2026, 12:30:00 UTC")

    page.goto("/you/")
    page.get_by_label("Time zone").select_option("Asia/Kolkata")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Your preferences are saved.")).to_be_visible()
    assert exact_time(page).startswith("1 Jul 2026, 18:00:00")


@pytest.mark.smoke
def test_shortcuts_that_are_off_do_nothing(signed_in, site: None) -> None:
    page = signed_in()
    page.goto("/you/")
    page.get_by_role("checkbox", name="Keyboard shortcuts").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your preferences are saved.")).to_be_visible()
    page.wait_for_load_state("load")
    page.get_by_role("heading", level=1).click()

    for key in ("g", "r", "/", "?"):
        page.keyboard.press(key)

    expect(page.get_by_role("heading", level=1)).to_have_text("operator")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Search")).to_be_visible()
