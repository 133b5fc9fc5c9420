"""Many accounts at once, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import ManagedAccount, Run
from accounts.models.states import State
from tests.accounts.web.browsing import SignedIn, assert_it_fits, at_widths, complaints
from tests.rows import account_row, managing_row, person


@pytest.fixture
def site(transactional_db: None) -> None:
    person("operator")
    managing_row()
    for number, name in enumerate(("web", "data", "draft")):
        account_row(
            name,
            account_id=f"{number:012}",
            state=State.FAILED,
            granted_at=None if name == "draft" else timezone.now(),
        )


def ticked(signed_in: SignedIn, *names: str, **context: Any) -> Page:
    page = signed_in(**context)
    page.goto("/accounts/")
    for name in names:
        page.get_by_label(f"Select {name}", exact=True).check()
    return page


def more(page: Page, button: str) -> None:
    page.locator("summary", has_text="More").last.click()
    page.get_by_role("button", name=button).click()


@pytest.mark.smoke
def test_two_accounts_are_edited(signed_in, site: None) -> None:
    page = ticked(signed_in, "web", "data")
    told = complaints(page)

    more(page, "Edit")
    expect(page.get_by_label("These Regions")).to_be_hidden()
    page.get_by_label("Regions", exact=True).select_option("Add")
    page.get_by_label("These Regions").fill("eu-west-1")
    page.get_by_label("Plan the edited accounts").uncheck()
    page.get_by_role("button", name="Edit 2 accounts").click()

    expect(page.get_by_text("Edited 2 accounts.")).to_be_visible()
    found = ManagedAccount.objects.order_by("name").values_list("name", "regions")
    both = ["us-east-1", "eu-west-1"]
    assert [*found] == [("data", both), ("draft", ["us-east-1"]), ("web", both)]
    assert told == []


def test_a_removal_takes_the_typed_number(signed_in, site: None) -> None:
    page = ticked(signed_in, "web", "data", "draft")

    more(page, "Remove from AWS")
    expect(
        page.get_by_text("Bowline hasn't created anything in this account.")
    ).to_be_visible()
    page.get_by_label("To plan their removal").fill("remove 3 accounts")
    page.get_by_role("button", name="Plan the removal").click()
    expect(page.get_by_text("nothing was planned")).to_be_visible()
    page.get_by_label("To plan their removal").fill("remove 2 accounts")
    page.get_by_role("button", name="Plan the removal").click()

    expect(page.get_by_text("Nothing is deleted until the plans")).to_be_visible()
    assert Run.objects.filter(kind=Run.Kind.REMOVE).count() == 2


def test_it_all_works_without_scripts(signed_in, site: None) -> None:
    page = ticked(signed_in, "web", java_script_enabled=False)

    more(page, "Edit")
    page.get_by_label("Environment", exact=True).select_option("Set to")
    page.get_by_label("Environment to set").fill("lab")
    page.get_by_role("button", name="Edit 1 account").click()

    expect(page.get_by_text("Edited 1 account.")).to_be_visible()


@at_widths(1440, 1024, 320)
def test_axe_finds_nothing(signed_in, site: None, look: dict[str, Any]) -> None:
    for button in ("Edit", "Remove from AWS", "Rotate external IDs"):
        page = ticked(signed_in, "web", "draft", **look)
        more(page, button)
        assert_it_fits(page, look)


def test_what_fits_none_of_the_selected_is_not_offered(signed_in, site: None) -> None:
    page = ticked(signed_in, "draft")
    verify = page.get_by_role("button", name="Verify")
    remove = page.get_by_role("button", name="Remove from AWS")
    page.locator("summary", has_text="More").last.click()
    expect(page.get_by_role("button", name="Edit")).to_be_visible()
    for button in (verify, remove):
        expect(button).to_be_hidden()

    page.get_by_label("Select web", exact=True).check()

    expect(verify).to_be_visible()
    page.locator("summary", has_text="More").last.click()
    expect(remove).to_be_visible()
    expect(page.get_by_role("button", name="Retry failed")).to_be_hidden()
