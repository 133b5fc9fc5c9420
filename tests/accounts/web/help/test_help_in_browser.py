"""Help next to a heading, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.accounts.web.browsing import assert_it_fits, at_widths
from tests.rows import account_row, managing_row, person


@pytest.fixture
def site(transactional_db: None) -> None:
    person("operator")
    managing_row()
    account_row()


@pytest.mark.smoke
def test_help_opens_leads_on_and_closes_with_esc(signed_in, site: None) -> None:
    page = signed_in()
    page.goto("/bundles/")
    page.wait_for_load_state("load")
    mark = page.locator("details.help > summary")
    more = page.get_by_role("link", name="Choose bundles or deliveries")

    mark.click()
    expect(more).to_be_visible()
    page.keyboard.press("Escape")
    expect(more).to_be_hidden()
    mark.click()
    more.click()

    title = page.get_by_role("heading", level=1)
    expect(title).to_have_text("Choose bundles or deliveries")


@at_widths(1440, 1024, 320)
def test_axe_finds_nothing(signed_in, site: None, look: dict[str, Any]) -> None:
    page = signed_in(**look)
    for path in ("/accounts/", "/settings/"):
        page.goto(path)
        page.locator("details.help > summary").click()
        expect(page.locator("details.help[open]")).to_be_visible()
        assert_it_fits(page, look)
    page.goto("/help/docs/")
    assert_it_fits(page, look)
