"""An account is handed off on the pages, and its owner, who has no login, creates the
roles in a shell. The page finds out by itself.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.models import ManagedAccount
from accounts.models.states import State
from onboarding.topology import READER_ROLE
from script.emulated_organization import (
    ACCESS_ROLE,
    ADMINISTRATOR,
    MANAGING,
    MEMBERS,
    Credentials,
)
from tests.accounts.runs.carried import root
from tests.journey.pages import PATIENCE, approve, built_bundle, plan, press
from tests.owner_shell import run
from tests.rows import managing_row

DEV, DATA = MEMBERS[0], MEMBERS[4]
WAITS = f"Waiting for the owner of {DATA.name}"


@pytest.fixture(autouse=True)
def without_access(own_organization: Credentials, celery_beat: None) -> None:
    """Leave the account no role that Bowline could assume."""
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)
    iam = root(own_organization, DATA, "iam")
    iam.detach_role_policy(RoleName=ACCESS_ROLE, PolicyArn=ADMINISTRATOR)
    iam.delete_role(RoleName=ACCESS_ROLE)


def hand_off(page: Page) -> None:
    """Describe the account, plan it, approve it, and open the page for its owner."""
    page.goto("/managing/")
    plan(page)
    approve(page, ends="Verified")
    page.goto("/accounts/")
    page.get_by_role("link", name="Onboard an account").first.click()
    page.get_by_label("Name in Spinnaker").fill(DATA.name)
    page.get_by_label("AWS account ID").fill(DATA.account_id)
    press(page, "Save and continue")
    for title in ("EC2", "Lambda"):
        page.get_by_role("checkbox", name=title).check()
    press(page, "Save and continue")
    page.get_by_label("The account owner").check()
    expect(page.get_by_label("Include a reader role")).to_be_checked()
    page.get_by_role("textbox", name="Regions").fill("us-east-1")
    press(page, "Save and continue")
    press(page, "Save and continue")
    plan(page)
    approve(page, ends=WAITS)
    page.get_by_role("link", name="Open the hand-off page").click()
    expect(page.get_by_text("Waiting since")).to_be_visible()


def copied(page: Page, folder: Path) -> str:
    """Copy the command from the page, as the person does who sends it."""
    way = page.locator("details").filter(has=page.get_by_text("AWS CLI", exact=True))
    return way.get_by_role("region", name="AWS CLI").inner_text()


def unpacked(page: Page, folder: Path) -> str:
    """Unpack the zip, as the owner does, and read there what to run."""
    with page.expect_download() as download:
        page.get_by_role("link", name="Download for the owner").click()
    archive = folder / "sent.zip"
    download.value.save_as(archive)
    with zipfile.ZipFile(archive) as files:
        files.extractall(folder)
    (command,) = re.findall(
        r"^ +(sh create\.sh)$", (folder / "README.md").read_text(), re.M
    )
    return str(command)


@pytest.mark.parametrize("sent", [copied, unpacked], ids=["copied", "zip"])
def test_the_page_turns_verified_once_the_owner_ran_what_it_shows(
    page: Page,
    own_organization: Credentials,
    tmp_path: Path,
    sent: Callable[[Page, Path], str],
) -> None:
    hand_off(page)
    folder = tmp_path / "owner"
    folder.mkdir()
    command = sent(page, folder)
    refused = page.get_by_text("AWS denies it: the role doesn't exist yet")
    expect(refused).to_be_visible(timeout=PATIENCE)
    page.evaluate("window.opened = true")

    wrong = run(command, folder, own_organization.endpoint, DEV.account_id)
    done = run(command, folder, own_organization.endpoint, DATA.account_id)

    assert wrong.returncode != 0
    assert f"not of account {DATA.account_id}" in wrong.stderr
    assert done.returncode == 0, done.stderr
    verified = page.get_by_text("Bowline verified the account")
    expect(verified).to_be_visible(timeout=3 * PATIENCE)
    expect(page.locator("header, main").get_by_text("verified").first).to_be_visible()
    assert page.evaluate("window.opened")  # nobody loaded the page again
    account = ManagedAccount.objects.get()
    assert (account.state, account.reader_role) == (State.VERIFIED, READER_ROLE)
    page.goto("/bundles/")
    hal = built_bundle(page, tmp_path) / "hal" / "accounts.yml"
    assert DATA.account_id in hal.read_text()
