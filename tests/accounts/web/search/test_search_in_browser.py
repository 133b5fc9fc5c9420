"""The palette and the shortcuts in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.accounts.web.browsing import (
    SignedIn,
    assert_axe_finds_nothing,
    assert_it_fits,
    at_widths,
)
from tests.rows import account_row, managing_row, person


@pytest.fixture
def site(transactional_db: None) -> None:
    person("operator")
    managing_row()
    for number, name in enumerate(("web", "web-2", "data")):
        account_row(name, account_id=f"{number:012}", environment="lab")


def arrived(signed_in: SignedIn, **context: Any) -> Page:
    """Sign in, and wait until the page's scripts have run."""
    page = signed_in(**context)
    page.goto("/")
    page.wait_for_load_state("load")
    return page


def opened(page: Page, text: str = "") -> Page:
    page.keyboard.press("/")
    expect(page.get_by_role("dialog", name="Search")).to_be_visible()
    page.keyboard.type(text)
    return page


def heading(page: Page) -> Any:
    return page.get_by_role("heading", level=1)


@pytest.mark.smoke
@pytest.mark.parametrize("key", ["/", "Control+k", "Meta+k"])
def test_a_key_opens_the_search(signed_in, site: None, key: str) -> None:
    page = arrived(signed_in)

    page.keyboard.press(key)

    dialog = page.get_by_role("dialog", name="Search")
    expect(dialog.get_by_role("searchbox")).to_be_focused()
    expect(dialog.get_by_role("link", name="Managing account")).to_be_visible()


def test_the_button_opens_the_search_and_esc_closes_it(signed_in, site: None) -> None:
    page = arrived(signed_in)
    dialog = page.get_by_role("dialog", name="Search")

    page.get_by_role("link", name="Search").click()
    expect(dialog).to_be_visible()
    page.keyboard.type("what was typed does not stay open")
    page.keyboard.press("Escape")

    expect(dialog).to_be_hidden()


def test_enter_opens_the_first_that_was_found(signed_in, site: None) -> None:
    page = opened(arrived(signed_in), "data")
    expect(page.get_by_role("link", name="data 000000000002")).to_be_visible()

    page.keyboard.press("Enter")

    expect(heading(page)).to_have_text("data")


def test_enter_before_the_list_is_there_leads_to_the_page_with_it(
    signed_in, site: None
) -> None:
    page = arrived(signed_in)
    page.route(
        "**/search/**", lambda route: None if is_htmx(route) else route.continue_()
    )
    opened(page, "data")

    page.keyboard.press("Enter")

    expect(heading(page)).to_have_text("Search")
    expect(page.get_by_role("link", name="data 000000000002")).to_be_visible()


def is_htmx(route: Any) -> bool:
    return "hx-request" in route.request.headers


@pytest.mark.smoke
def test_arrows_choose(signed_in, site: None) -> None:
    page = opened(arrived(signed_in), "web")
    second = page.get_by_role("link", name="web-2 000000000001")
    expect(second).to_be_visible()

    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(second).to_be_focused()
    page.keyboard.press("Enter")

    expect(heading(page)).to_have_text("web-2")


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("a", "Accounts"),
        ("r", "Runs"),
        ("b", "Bundles"),
        ("s", "Roles"),
        ("t", "Activity"),
        ("h", "Documentation"),
        ("o", "Overview"),
    ],
)
def test_g_and_a_letter_go_to_a_place(
    signed_in, site: None, key: str, title: str
) -> None:
    page = arrived(signed_in)
    page.goto("/you/")

    page.keyboard.press("g")
    page.keyboard.press(key)

    expect(heading(page)).to_have_text(title)


def test_a_question_mark_shows_the_sheet(signed_in, site: None) -> None:
    page = arrived(signed_in)

    page.keyboard.press("?")

    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet.get_by_text("Go to Runs")).to_be_visible()
    expect(sheet.get_by_text("Next change of a plan")).to_be_visible()


def test_shortcuts_do_nothing_while_somebody_types(signed_in, site: None) -> None:
    page = arrived(signed_in)
    page.goto("/accounts/")
    field = page.get_by_role("search", name="Accounts").get_by_role("searchbox")

    field.press_sequentially("g r / ?")

    expect(field).to_have_value("g r / ?")
    expect(heading(page)).to_have_text("Accounts")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_shortcuts_do_nothing_under_an_open_dialog(signed_in, site: None) -> None:
    page = arrived(signed_in)
    page.keyboard.press("?")

    page.keyboard.press("g")
    page.keyboard.press("r")

    expect(heading(page)).to_have_text("Overview")


def test_a_double_click_on_the_name_signs_nobody_out(signed_in, site: None) -> None:
    page = arrived(signed_in)

    page.get_by_text("operator, menu").dblclick()
    page.goto("/accounts/")

    expect(heading(page)).to_have_text("Accounts")


@at_widths(1440, 1024, 320)
def test_axe_finds_nothing(signed_in, site: None, look: dict[str, Any]) -> None:
    page = arrived(signed_in, **look)
    page.goto("/search/?text=web")
    assert_it_fits(page, look)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog").get_by_role("link").first).to_be_visible()
    assert_axe_finds_nothing(page)
    page.keyboard.press("Escape")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("?")
    assert_it_fits(page, look)
