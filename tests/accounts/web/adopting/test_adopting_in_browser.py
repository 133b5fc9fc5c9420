"""A team with twelve accounts comes from its own Spinnaker, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import ManagedAccount, ManagingAccount
from tests.accounts.web.browsing import (
    assert_it_fits,
    at_widths,
    complaints,
)
from tests.onboarding.adopting.documents import aws, halconfig, loaded
from tests.rows import person

TEAMS = [aws(f"team-{n:02}", f"{10**11 + n}") for n in range(11)]
LEFT = aws("-Prod", "210987654321", apiToken="hunter2-Planted")
IDENTITY = "arn:aws:iam::111111111111:role/SpinnakerAuthRole"


@pytest.fixture
def operator(transactional_db: None) -> None:
    person("operator")


def report_on(page: Page, folder: Path, *accounts: dict[str, Any]) -> None:
    """Come from the first page, and choose the config."""
    config = folder / "config"
    config.write_bytes(halconfig({"aws": {"accounts": [*accounts]}})["config"])
    page.goto("/")
    page.get_by_role("link", name="Adopt an existing Spinnaker").click()
    page.get_by_label("Files", exact=True).set_input_files([*folder.iterdir()])
    page.get_by_role("button", name="Create report").click()


@pytest.mark.smoke
def test_twelve_accounts_are_reported_on_and_eleven_are_added(
    signed_in, operator: None, tmp_path: Path
) -> None:
    page = signed_in()
    told = complaints(page)

    report_on(page, tmp_path, *TEAMS, LEFT)
    expect(page.get_by_text("Bowline can take 11 of 12 accounts")).to_be_visible()
    page.get_by_label("Account name").fill("prod")
    page.get_by_role("button", name="Filter").click()
    page.get_by_text("fields of -Prod").click()
    expect(page.get_by_text("a secret, which isn't shown")).to_be_visible()
    page.get_by_role("link", name="Add 11 accounts").click()
    expect(page.get_by_role("heading", name="Accounts that are left")).to_be_visible()
    page.get_by_label("Access role").fill("BowlineAccess")
    page.get_by_label("Spinnaker's identity").fill(IDENTITY)
    page.get_by_role("button", name="Preview 11 accounts").click()
    page.get_by_role("button", name="Save 11 accounts").click()
    expect(page.get_by_role("button", name="Plan 11 accounts")).to_be_visible()

    assert ManagingAccount.objects.get().account_id == "111111111111"
    rows = ManagedAccount.objects.filter(access_role="BowlineAccess", adopts=True)
    assert rows.count() == 11
    assert told == []


@at_widths(1440, 1024, 390)
def test_accounts_that_wait_are_confirmed_by_their_checkboxes(
    signed_in, operator: None, tmp_path: Path, look: dict[str, Any]
) -> None:
    described = [*TEAMS[:5], aws("old-team", "210987654321", lambdaEnabled=True)]
    there = [{**TEAMS[0], "lambdaEnabled": True, "sessionName": "corp"}, *TEAMS[1:3]]
    rows = loaded({"aws": {"accounts": there}})["credentials.json"]
    (tmp_path / "credentials.json").write_bytes(rows)
    page = signed_in(**look)

    report_on(page, tmp_path, *described)
    expect(page.get_by_text("Bowline can take 2 of 6 accounts")).to_be_visible()
    assert_it_fits(page, look)
    page.get_by_label("Take old-team as the file describes it").check()
    page.get_by_role("button", name="Confirm the selected accounts").click()

    expect(page.get_by_text("You confirmed 1 account.")).to_be_visible()
    expect(page.get_by_text("Bowline can take 3 of 6 accounts")).to_be_visible()
    assert_it_fits(page, look)
