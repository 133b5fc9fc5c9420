"""The wizard's forms in a real browser: what is changed is not lost, and what is wrong
is reached.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Dialog, Page, expect

from accounts.models import EnabledProvider
from tests.accounts.web.browsing import assert_axe_finds_nothing
from tests.rows import account_row, managing_row, person


@pytest.fixture
def page(signed_in, transactional_db: None) -> Page:
    person("operator")
    managing_row()
    return signed_in()


@pytest.fixture
def asked(page: Page) -> list[str]:
    """Stay on the page whenever it asks, and note that it did."""
    found: list[str] = []

    def stay(dialog: Dialog) -> None:
        found.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    return found


def leave(page: Page) -> None:
    page.get_by_role("link", name="Runs", exact=True).click()


def test_a_page_scrolls_at_once_and_moves_no_button_under_the_pointer(
    page: Page,
) -> None:
    page.goto("/")

    expect(page.locator("html")).to_have_css("scroll-behavior", "auto")


@pytest.mark.smoke
def test_leaving_a_changed_form_asks(page: Page, asked: list[str]) -> None:
    page.goto("/accounts/new/")
    page.get_by_label("Name in Spinnaker").fill("dev")

    leave(page)

    expect(page.get_by_label("Name in Spinnaker")).to_have_value("dev")
    assert asked == ["beforeunload"]


def test_leaving_a_form_that_is_as_it_was_asks_nothing(
    page: Page, asked: list[str]
) -> None:
    account = account_row(uses_external_id=True)
    page.goto(f"/accounts/{account.pk}/access/")
    page.get_by_text("More settings").click()
    for _ in range(2):
        page.get_by_label("Require an external ID").click()
    page.get_by_label("Access role").fill("Admin")
    page.get_by_label("Access role").fill("")

    leave(page)

    page.wait_for_url("**/runs/")
    assert asked == []


def test_saving_and_leaving_without_saving_ask_nothing(
    page: Page, asked: list[str]
) -> None:
    page.goto("/accounts/new/")
    page.get_by_label("Name in Spinnaker").fill("dev")
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_url("**/accounts/")

    page.goto("/accounts/new/")
    page.get_by_label("Name in Spinnaker").fill("-dev")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_role("alert")).to_be_visible()

    assert asked == []


def test_a_form_that_came_back_unsaved_asks(page: Page, asked: list[str]) -> None:
    page.goto("/accounts/new/")
    page.get_by_label("Name in Spinnaker").fill("-dev")
    page.get_by_role("button", name="Save and continue").click()
    link = page.get_by_role("link", name="Field “Name in Spinnaker”")
    link.click()
    expect(page.get_by_label("Name in Spinnaker")).to_be_focused()
    page.get_by_label("Name in Spinnaker").press("End")

    leave(page)

    expect(link).to_be_visible()
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_cluster_is_added_by_a_button_with_and_without_scripts(
    signed_in, transactional_db: None, scripts: bool
) -> None:
    person("operator")
    managing_row()
    account = account_row(providers={})
    EnabledProvider.objects.create(account=account, key="eks")
    # High enough that the bar of buttons, which stays in sight, covers nothing.
    page = signed_in(
        java_script_enabled=scripts,
        bypass_csp=True,
        viewport={"width": 1280, "height": 2000},
    )
    page.goto(f"/accounts/{account.pk}/details/?provider=eks&look=no")
    page.get_by_label("Cluster", exact=True).fill("apps")

    page.get_by_role("button", name="Add a cluster").click()

    rows = page.get_by_role("textbox", name="Namespaces")
    expect(rows).to_have_count(2)
    last = page.get_by_label("Cluster", exact=True).last
    expect(last).to_be_focused()
    if scripts:
        assert_axe_finds_nothing(page)
    last.fill("jobs")
    last.press("Enter")
    expect(page.get_by_text("Ready to plan")).to_be_visible()
    details = EnabledProvider.objects.get().details["clusters"]
    assert [one["name"] for one in details] == ["apps", "jobs"]


@pytest.mark.smoke
def test_required_fields_are_marked_and_named_as_before(page: Page) -> None:
    page.goto("/accounts/new/")

    marks = page.evaluate(
        "[...document.querySelectorAll('.form-label')].map((label) =>"
        " [label.textContent.trim(),"
        " getComputedStyle(label, '::after').content.includes('\\u00a0*')])"
    )

    assert {name.removesuffix("*"): mark for name, mark in marks} == {
        "Name in Spinnaker": True,
        "AWS account ID": True,
        "Environment": False,
        "Read access": False,
        "Write access": False,
    }
    field = page.get_by_role("textbox", name="Name in Spinnaker", exact=True)
    expect(field).to_be_visible()


def test_a_link_to_a_folded_field_unfolds_it(page: Page) -> None:
    page.goto("/managing/?edit=1#id_boundary")

    expect(page.get_by_label("Permissions boundary")).to_be_focused()
    page.get_by_text("More settings").click()
    expect(page.get_by_label("Permissions boundary")).to_be_hidden()
