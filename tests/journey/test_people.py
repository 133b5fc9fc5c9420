"""An administrator adds a person, whose roles are for one environment: that person
chooses a password, and every page says before a click what is left to others.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page, expect

from accounts.models import ManagedAccount, Rollout
from accounts.models.states import Status
from accounts.runs import rollouts
from accounts.runs.rollouts.census import runs_of
from tests.accounts.runs.rollouts.rows import plan, statuses
from tests.accounts.web.browsing import complaints
from tests.journey.pages import press, section, sign_in
from tests.rows import account_row, managing_row, person

CHOSEN = "a-password-that-lee-chose"
OUTSIDE = "Your approver role applies to dev only."


def accounts() -> list[ManagedAccount]:
    """Describe two accounts in dev and one in production."""
    managing_row()
    return [
        account_row(name, account_id=f"{n:012}", environment=name.partition("-")[0])
        for n, name in enumerate(("dev-a", "dev-b", "production-a"), 1)
    ]


def add_lee(ada: Page) -> str:
    """Add a person for dev alone, and return the link that Bowline shows once."""
    ada.goto("/settings/")
    ada.get_by_role("navigation", name="Settings").get_by_role(
        "link", name="People"
    ).click()
    ada.get_by_role("link", name="Add a person").click()
    ada.get_by_label("User name").fill("lee")
    for role in ("operator", "approver"):
        ada.get_by_role("checkbox", name=f"{role}:").check()
    press(ada, "Add person and create link")
    link = section(ada, "The link to choose a password").locator("code").inner_text()
    for role in ("operator", "approver"):
        only = ada.get_by_label(f"Environments for the {role} role")
        only.fill("dev")
    press(ada, "Save the roles")
    expect(ada.get_by_text("The roles of lee are changed.")).to_be_visible()
    return link


def choose_a_password(lee: Page, link: str) -> None:
    lee.goto(link)
    for field in lee.locator("input[type=password]").all():
        field.fill(CHOSEN)
    press(lee, "Set the password")
    sign_in(lee, "lee", CHOSEN)


def sees_what_is_left_to_others(lee: Page, rollout: Rollout) -> None:
    dev, _, production = ManagedAccount.objects.order_by("name")
    lee.goto("/accounts/")
    expect(lee.get_by_label(f"Select {dev.name}", exact=True)).to_be_visible()
    expect(lee.get_by_label(f"Select {production.name}", exact=True)).to_have_count(0)
    row = lee.get_by_role("row").filter(has_text=production.name)
    expect(row).to_contain_text("Your operator role applies to dev")

    lee.goto(production.get_absolute_url())
    reason = lee.get_by_text("This is in production.")
    expect(reason).to_contain_text("Your operator role applies to dev only.")
    expect(lee.get_by_role("link", name="Edit", exact=True)).to_have_count(0)
    lee.goto(dev.get_absolute_url())
    expect(lee.get_by_role("link", name="Edit", exact=True)).to_be_visible()

    lee.goto(rollout.get_absolute_url())
    lee.get_by_role("link", name="Review 3 plans").click()
    parts = section(lee, "Environments").get_by_role("listitem")
    expect(parts.filter(has_text="production")).to_contain_text(OUTSIDE)
    expect(lee.get_by_role("checkbox", name="production")).to_have_count(0)
    expect(lee.get_by_role("checkbox", name="dev")).to_be_checked()


def test_somebody_new_has_a_role_for_one_environment_and_sees_what_is_not_theirs(
    browser: Browser, live_server: Any, transactional_db: None
) -> None:
    person("administrator", username="ada")
    olga = person("operator", username="olga")
    rollout = rollouts.start(accounts(), Rollout.Kind.ONBOARD, olga)
    plan(rollout)
    ada, lee = (
        browser.new_context(base_url=live_server.url).new_page() for _ in range(2)
    )
    told = complaints(ada), complaints(lee)

    sign_in(ada, "ada")
    choose_a_password(lee, add_lee(ada))
    sees_what_is_left_to_others(lee, rollout)
    lee.get_by_role("button", name="Approve").click()

    expect(lee.get_by_text("2 plans are approved.")).to_be_visible()
    expect(lee.get_by_text("joined this group")).to_have_count(0)
    assert statuses(rollout) == {Status.APPROVED: 2, Status.PLANNED: 1}
    left = runs_of(rollout).get(status=Status.PLANNED)
    assert left.account_name == "production-a"
    assert told == ([], [])
