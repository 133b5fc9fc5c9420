"""From an organizational unit to the bundle, as one rollout: with a real browser,
worker, broker and emulated AWS.
"""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from accounts.models import ManagedAccount
from script.emulated_organization import (
    ACCESS_ROLE,
    ADMINISTRATOR,
    MANAGING,
    MEMBERS,
    Credentials,
)
from tests.accounts.runs.carried import root
from tests.journey.pages import PATIENCE, begin_bundle, press
from tests.rows import managing_row

PROD, DATA = MEMBERS[2], MEMBERS[4]
WITH_CLUSTER, WITHOUT = "2 in Spinnaker", "1 in Spinnaker"
"""What distinguishes the groups: the account of the cluster is another one there."""


def loaded(page: Page) -> None:
    """Wait for the page's scripts: what is chosen before they run is not applied."""
    page.wait_for_load_state()


def add_the_unit(page: Page) -> None:
    """Read the organization, choose a unit, and add all of its accounts."""
    page.goto("/accounts/organization/")
    press(page, "Read the organization")
    found = expect(page.locator("[data-found]"))
    found.to_contain_text("10 accounts", timeout=PATIENCE)
    loaded(page)
    expect(page.get_by_role("button", name="Filter", exact=True)).to_be_hidden()
    page.get_by_label("Organizational unit").select_option(
        label="Root / Workloads / Production"
    )
    expect(page.locator("[data-found]")).to_contain_text("2 accounts")
    page.get_by_label("Select all on this page").check()
    page.get_by_label("Regions").fill("us-east-1")
    press(page, "Add the selected")
    expect(page.get_by_text("2 accounts are added.")).to_be_visible()


def add_the_cluster(page: Page) -> None:
    """Find the clusters of both accounts: only one of them has one."""
    loaded(page)
    page.get_by_label("Select all on this page").check()
    page.locator("summary", has_text="More").last.click()
    press(page, "Find EKS clusters")
    cluster = page.get_by_label(f"Select apps in us-east-1 of {PROD.name}")
    expect(cluster).to_be_visible(timeout=PATIENCE)
    loaded(page)
    cluster.check()
    expect(page.get_by_text("1 cluster selected")).to_be_visible()
    page.get_by_label("Plan the accounts").uncheck()
    press(page, "Add the selected clusters")
    expect(page.get_by_text("Added their clusters to 1 account.")).to_be_visible()


def approve_group(page: Page, changes: str) -> None:
    """Read the plans of the group with these changes, and approve them."""
    group = page.get_by_role("row").filter(has_text=changes)
    group.get_by_role("link", name="Review 1 plan", exact=True).click(timeout=PATIENCE)
    expect(page.get_by_text("Nothing in AWS changes until you approve")).to_be_visible()
    press(page, "Approve 1 plan")
    expect(page.get_by_text("1 plan is approved.")).to_be_visible()


def test_a_unit_is_chosen_planned_approved_fixed_and_bundled(
    page: Page, own_organization: Credentials
) -> None:
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)
    iam: Any = root(own_organization, DATA, "iam")
    permissions = {"RoleName": ACCESS_ROLE, "PolicyArn": ADMINISTRATOR}

    add_the_unit(page)
    add_the_cluster(page)

    page.goto("/accounts/")
    page.get_by_label("Select all on this page").check()
    press(page, "Plan changes")
    groups = page.get_by_role("link", name="Review 1 plan", exact=True)
    expect(groups).to_have_count(2, timeout=PATIENCE)

    iam.detach_role_policy(**permissions)
    page.get_by_role("link", name="Review the managing account").click()
    press(page, "Approve and apply")
    approve = page.get_by_role("button", name="Approve and apply")
    expect(approve).not_to_be_attached(timeout=PATIENCE)
    page.get_by_role("link", name=re.compile(r"^Rollout \d+$")).first.click()
    approve_group(page, WITH_CLUSTER)
    approve_group(page, WITHOUT)

    ended = page.get_by_role("heading", name="1 done, 1 failed")
    expect(ended).to_be_visible(timeout=PATIENCE)
    failed = page.get_by_role("region", name="Failures by cause")
    expect(failed).to_contain_text(DATA.name)

    iam.attach_role_policy(**permissions)
    press(page, "Retry failed accounts")
    approve_group(page, WITHOUT)
    finished = page.get_by_role("heading", name="Finished", exact=True)
    # It is planned, approved, applied and verified once more.
    expect(finished).to_be_visible(timeout=2 * PATIENCE)
    expect(page.get_by_text("2 of 2 done")).to_be_visible()

    page.goto("/bundles/")
    begin_bundle(page, "2 accounts")
    link = page.get_by_role("link", name="Download bundle")
    expect(link).to_be_visible(timeout=PATIENCE)
    states = ManagedAccount.objects.values_list("name", "state")
    assert dict(states) == {PROD.name: "verified", DATA.name: "verified"}
