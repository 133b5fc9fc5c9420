"""A plan under review in a real browser: keys, filter, what was viewed, and the bar."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Run
from accounts.models.states import Status
from tests.accounts.web.browsing import (
    assert_it_fits,
    at_widths,
    complaints,
)
from tests.plans import EVERY_PROVIDER, FIVE, losing_run, planned_run
from tests.rows import account_row, managing_row, person

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def run(transactional_db: None) -> Run:
    """Plan an account with every provider; nothing of it exists."""
    person("approver")
    managing_row()
    account_row("other", account_id="9" * 12, granted_at=timezone.now())
    account = account_row(providers=EVERY_PROVIDER, uses_external_id=False)
    return planned_run(account)


@pytest.fixture
def page(signed_in, run: Run) -> Page:
    page = signed_in("approver", viewport=WIDE)
    page.goto(run.get_absolute_url())
    return page


def change(page: Page, name: str) -> Any:
    return page.get_by_role("article").filter(
        has=page.get_by_role("heading", level=4, name=name, exact=True)
    )


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.closest('article')?.id ?? ''"))


def test_the_first_screen_says_what_is_risky_and_holds_the_decision(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
    readings = page.locator(".readings dt")
    for text in ("PassRole", "Secrets", "Spinnaker"):
        expect(readings.filter(has_text=text).first).to_be_in_viewport()
    bar = page.locator(".review-bar")
    expect(bar.get_by_text("25 to create")).to_be_in_viewport()
    counted = "26 in AWS, 3 in Spinnaker"
    expect(page.locator(".timeline").get_by_text(counted)).to_be_in_viewport()
    expect(page.get_by_role("button", name="Approve and apply")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Discard")).to_be_in_viewport()
    expect(page.get_by_label("Comment (optional)")).to_be_in_viewport()


@pytest.mark.smoke
def test_j_and_k_go_from_change_to_change(page: Page) -> None:
    told = complaints(page)

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert focused(page) == "c3"
    page.keyboard.press("k")
    assert focused(page) == "c2"
    expect(page.locator("#c2")).to_be_in_viewport()

    folded = page.locator("#c2 details").first
    expect(folded).not_to_have_attribute("open", "")
    page.keyboard.press("Enter")
    expect(folded).to_have_attribute("open", "")
    assert told == []


def test_keys_write_where_a_person_writes_and_can_be_turned_off(page: Page) -> None:
    page.get_by_label("Comment (optional)").press("j")
    assert page.get_by_label("Comment (optional)").input_value() == "j"

    page.get_by_label("Keys j and k").uncheck()
    page.reload()
    page.keyboard.press("j")

    expect(page.get_by_label("Keys j and k")).not_to_be_checked()
    assert focused(page) == ""


@pytest.mark.smoke
def test_the_filter_looks_into_what_is_folded(page: Page) -> None:
    find = page.get_by_label("Filter the changes")

    find.fill("iam:passrole")
    find.press("Enter")

    expect(page.get_by_text("1 matches")).to_be_visible()
    expect(
        change(page, "inline policy spinnakerManaged/BowlinePassRole")
    ).to_be_visible()
    expect(change(page, "role BaseIAMRole")).to_be_hidden()
    index = page.get_by_role("navigation", name="Changes")
    expect(index.get_by_role("link")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("j")
    assert focused(page) == "c10"

    find.fill("")
    expect(index.get_by_role("link")).to_have_count(17)
    assert Run.objects.get().status == Status.PLANNED


def test_what_was_viewed_stays_until_a_word_of_it_changes(page: Page, run: Run) -> None:
    base = "Viewed BaseIAMRole"

    folded = change(page, "role BaseIAMRole").locator("details").first
    folded.locator("summary").first.click()
    expect(folded).to_have_attribute("open", "")
    page.get_by_label(base).check()
    expect(folded).not_to_have_attribute("open", "")
    page.reload()

    expect(page.get_by_label(base)).to_be_checked()
    index = page.get_by_role("navigation", name="Changes")
    expect(index.get_by_text("Viewed 1 of 17")).to_be_visible()
    expect(page.get_by_text("Viewed 1 of 17")).to_have_count(1)
    seen = re.compile("BaseIAMRole.*viewed")
    expect(index.get_by_role("link", name=seen)).to_be_visible()

    step = run.steps.get(kind="role", name="BaseIAMRole")
    step.after = {**step.after, "path": "/other/"}
    step.save()
    page.reload()

    expect(page.get_by_label(base)).not_to_be_checked()


def test_what_one_person_viewed_another_has_not(page: Page, live_server: Any) -> None:
    person("approver", username="paul")
    page.get_by_label("Viewed BaseIAMRole").check()
    where = page.url

    page.context.clear_cookies()
    page.goto("/sign-in/")
    page.get_by_label("Name").fill("paul")
    page.get_by_label("Password").fill("a-password-of-tests")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    page.goto(where)

    expect(page.get_by_label("Viewed BaseIAMRole")).not_to_be_checked()


def test_everything_is_unfolded_and_folded_at_once(page: Page) -> None:
    last = page.get_by_text('"ec2:DescribeVpcs"').first
    expect(last).to_be_hidden()

    page.get_by_role("button", name="Expand all").click()
    expect(last).to_be_visible()

    page.get_by_role("button", name="Collapse all").click()
    expect(last).to_be_hidden()
    deploys = page.get_by_text("Role SpinnakerAuthRole of account").last
    expect(deploys).to_be_hidden()


def test_a_folded_change_names_what_nobody_must_miss(page: Page) -> None:
    passing = change(page, "inline policy spinnakerManaged/BowlinePassRole")

    expect(passing.locator("details").first).not_to_have_attribute("open", "")
    expect(passing.get_by_text("PassRole", exact=True)).to_be_visible()
    expect(passing.get_by_text("Allows Spinnaker to pass only these")).to_be_visible()
    expect(passing.get_by_text("Passes roles spinnaker-ecs/*")).to_be_hidden()


MANY = [{"name": f"cluster-{n:02}", "region": "us-east-1"} for n in range(21)]


def test_a_plan_of_many_changes_is_not_endless(
    signed_in, transactional_db: None
) -> None:
    person("approver")
    managing_row()
    providers = {**EVERY_PROVIDER, "eks": {"clusters": MANY}}
    run = planned_run(account_row(providers=providers, uses_external_id=False))
    page = signed_in("approver", viewport=WIDE)
    heights = {}
    for width in (390, 1024, 1440):
        page.set_viewport_size({**WIDE, "width": width})
        page.goto(run.get_absolute_url())
        heights[width] = page.evaluate("document.documentElement.scrollHeight")

    rest = page.get_by_text("13 more Secrets 13")
    expect(rest).to_be_visible()
    last = change(page, "cluster access cluster-20 · us-east-1")
    expect(last).to_be_hidden()
    page.get_by_label("Filter the changes").fill("cluster access cluster-20")
    expect(last).to_be_visible()

    assert heights[1440] <= 3200
    assert heights[1024] <= 4700
    assert heights[390] <= 6800


def test_a_link_from_another_page_opens_a_change_in_the_rest(
    signed_in, transactional_db: None
) -> None:
    person("approver")
    managing_row()
    providers = {"eks": {"clusters": MANY}}
    run = planned_run(account_row(providers=providers, uses_external_id=False))
    page = signed_in("approver", viewport=WIDE)
    page.goto(run.get_absolute_url())
    index = page.get_by_role("navigation", name="Changes")
    address = index.get_by_role("link", name="cluster-20").first.get_attribute("href")
    page.goto("/")

    page.goto(f"{run.get_absolute_url()}{address}")

    last = change(page, "cluster access cluster-20 · us-east-1")
    expect(last.get_by_text("Reads and writes the secrets")).to_be_visible()


def test_a_line_of_the_summary_opens_its_change(page: Page) -> None:
    page.get_by_role("button", name="Collapse all").click()

    page.get_by_role("link", name="spinnakerManaged/BowlinePassRole").first.click()

    passing = change(page, "inline policy spinnakerManaged/BowlinePassRole")
    expect(passing).to_be_in_viewport()
    expect(passing.get_by_text("Passes roles spinnaker-ecs/*")).to_be_visible()


@pytest.mark.parametrize("viewport", [WIDE, PHONE])
def test_the_bar_stays_and_hides_nothing_that_has_the_focus(
    signed_in, run: Run, viewport: Any
) -> None:
    page = signed_in("approver", viewport=viewport, reduced_motion="reduce")
    page.goto(run.get_absolute_url())
    approve = page.get_by_role("button", name="Approve and apply")
    expect(approve).to_be_in_viewport()
    page.get_by_role("button", name="Expand all").click()
    page.locator("#plan").click()

    hidden = []
    for _ in range(60):
        page.keyboard.press("Tab")
        hidden += page.evaluate(UNDER_THE_BAR)

    assert hidden == []
    expect(approve).to_be_in_viewport()


UNDER_THE_BAR = """() => {
  const at = document.activeElement;
  const bar = document.querySelector(".review-bar");
  if (at === document.body || bar.contains(at)) return [];
  const { top, bottom } = at.getBoundingClientRect();
  const limit = bar.getBoundingClientRect().top;
  return top >= limit || bottom <= 0 ? [`${at.outerHTML.slice(0, 80)} ${top}`] : [];
}"""


@pytest.mark.smoke
def test_a_plan_is_read_and_approved_without_scripts(signed_in, run: Run) -> None:
    page = signed_in("approver", viewport=PHONE, java_script_enabled=False)
    page.goto(run.get_absolute_url())
    expect(page.get_by_role("button", name="Expand all")).to_be_hidden()
    expect(page.get_by_label("Filter the changes")).to_be_hidden()

    change(page, "policy BowlineEC2Write").locator("summary").first.click()
    page.get_by_text("SecurityGroupRules: Allows").click()
    page.get_by_label("Comment (optional)").fill("Read on a phone.")
    page.get_by_role("button", name="Approve and apply").click()

    approved = Run.objects.get()
    assert (approved.status, approved.approval_comment) == (
        Status.APPLYING,
        "Read on a phone.",
    )


@at_widths(1440, 1024, 390)
def test_what_spinnaker_loses_is_said_above_the_red_button(
    signed_in, transactional_db: None, look: dict[str, Any]
) -> None:
    person("approver")
    managing_row()
    for number, account_id in enumerate(FIVE):
        account_row(f"payments-production-{number}", account_id=account_id)
    run = losing_run()
    page = signed_in("approver", **look)
    page.goto(run.get_absolute_url())
    button = page.get_by_role("button", name="Approve and apply")

    assert_it_fits(page, look)
    button.click()
    expect(page.get_by_text("Type the account's name, core,")).to_be_visible()
    assert_it_fits(page, look)
    expect(button).to_have_class("btn btn-danger")
    expect(page.get_by_text("Spinnaker can no longer assume roles in")).to_be_visible()
    expect(button).to_be_in_viewport(ratio=0.95)  # but for part of a pixel
    page.get_by_label("Type core to continue").fill("core")
    button.click()
    expect(button).to_be_hidden()
    assert Run.objects.get().status == Status.APPLYING
