"""Two bundles compared, in a real browser: keys, filter, and what axe finds."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.accounts.web.browsing import complaints
from tests.bundles import core
from tests.factories import managed, provider, topology
from tests.rows import bundle_row, person


@pytest.fixture
def page(signed_in, two_bundles: None) -> Page:
    person("operator")
    page = signed_in(bypass_csp=True)
    page.goto("/bundles/2/since/1/")
    return page


@pytest.mark.smoke
def test_a_file_is_found_and_reached_by_key(page: Page) -> None:
    said = complaints(page)

    page.get_by_label("Filter the changes").fill("clouddriver-local.yml")
    page.get_by_role("button", name="Expand all").click()
    page.keyboard.press("j")

    reached = page.locator("article:focus-within")
    expect(reached.get_by_role("heading")).to_contain_text("clouddriver-local.yml")
    expect(reached.locator("code", has_text="live").first).to_be_visible()
    assert said == []


def test_what_goes_is_read_first_and_leads_to_the_account(page: Page) -> None:
    page.get_by_role("link", name="staging-ecs").first.click()

    gone = page.get_by_role("article").filter(
        has=page.get_by_role("heading", name="ecs account staging-ecs")
    )
    expect(gone.locator("code").first).to_be_visible()


def test_sixty_four_accounts_are_read_without_scrolling_for_long(
    signed_in, transactional_db: None
) -> None:
    person("operator")
    many = [
        managed(
            provider("ec2"),
            provider("ecs"),
            name=f"a{number}",
            account_id=f"{number:012}",
            environment=("dev", "staging", "prod", "tools")[number % 4],
        )
        for number in range(64)
    ]
    bundle_row(topology(core()), 1)
    bundle_row(topology(core(), *many), 2)
    size = {"width": 1440, "height": 900}
    page = signed_in(bypass_csp=True, viewport=size)
    page.goto("/bundles/2/since/1/")
    expect(page.get_by_text("64 AWS accounts added (128")).to_be_visible()

    assert page.evaluate("document.documentElement.scrollHeight") < 3000
    page.get_by_text("The 61 more").first.click()
    page.get_by_role("link", name="a63", exact=True).click()
    row = page.locator("li", has_text="AWS account: 000000000063")
    expect(row).to_be_visible()


def test_what_is_viewed_on_a_page_is_not_all(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.web.bundles.comparing.PAGE", 2)
    page.reload()

    expect(page.get_by_text("Viewed 0 of 2 on this page")).to_be_visible()
    page.get_by_role("link", name="Next").click()

    expect(page.get_by_text("3–4 of")).to_have_count(1)
    expect(page.get_by_text("Changes, page 2 of")).to_be_visible()
