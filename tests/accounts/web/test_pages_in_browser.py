"""The reading pages in a real browser: what only scripts and styles can show."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from accounts.models.states import WORDS, State
from tests.rows import account_row, managing_row, person

STATES = [word for word in State if word in WORDS]


@pytest.fixture
def accounts(transactional_db: None) -> None:
    """Describe an account of each state."""
    person("operator")
    managing_row()
    for number, state in enumerate(STATES):
        account_row(
            f"a-{state}",
            account_id=f"{number:012}",
            environment=("web", "")[number % 2],
            state=state,
            verification=State.VERIFIED if state == State.VERIFIED else "",
        )


@pytest.mark.smoke
def test_a_chosen_theme_outlives_the_page(signed_in, accounts: None) -> None:
    page = signed_in(color_scheme="light")
    page.goto("/")
    page.get_by_text("operator, menu").click()

    page.get_by_role("button", name="Dark").click()
    page.goto("/accounts/")

    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"


def test_the_places_fold_on_a_phone(signed_in, accounts: None) -> None:
    page = signed_in(viewport={"width": 390, "height": 844})
    page.goto("/")
    place = page.get_by_role("link", name="Spinnaker", exact=True)
    expect(place).to_be_hidden()

    page.get_by_role("button", name="Menu").click()

    expect(place).to_be_visible()


@pytest.mark.smoke
def test_the_bar_counts_what_is_ticked(signed_in, accounts: None) -> None:
    page = signed_in()
    page.goto("/accounts/")
    plan = page.get_by_role("button", name="Plan changes")
    expect(plan).to_be_hidden()

    page.get_by_label("Select a-draft").check()
    expect(page.get_by_text("1 account selected")).to_be_visible()
    page.get_by_label("Select all on this page").check()

    expect(page.get_by_text(f"{len(STATES)} accounts selected")).to_be_visible()
    expect(plan).to_be_visible()


def test_the_bar_says_when_all_pages_are_chosen(
    signed_in, accounts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.http.PAGE", 3)
    page = signed_in()
    page.goto("/accounts/")

    page.get_by_label("Select all on this page").check()
    page.get_by_label(f"All {len(STATES)} that match, on every page").check()

    expect(page.get_by_text("All that match selected")).to_be_visible()


@pytest.mark.smoke
def test_an_account_id_is_copied(signed_in, accounts: None) -> None:
    page = signed_in(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/accounts/")

    page.get_by_role("button", name="Copy account ID 000000000003").click()

    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "000000000003"


def test_a_node_of_the_picture_is_reached_by_keyboard(
    signed_in, accounts: None
) -> None:
    page = signed_in()
    page.goto("/")
    node = page.get_by_role("link", name=re.compile(r"a-failed .*: failed")).first

    node.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("a-failed")
