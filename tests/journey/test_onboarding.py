"""The main job in a real browser, with a real worker, broker and emulated AWS."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.models import ManagedAccount
from script.emulated_organization import (
    ACCESS_ROLE,
    HANDMADE,
    LIMITED,
    MANAGING,
    MEMBERS,
    UNTRUSTING,
)
from tests.hal import Hal
from tests.journey.pages import PATIENCE, built_bundle, plan, plan_first, press
from tests.rows import account_row, managing_row

DEV, TOOLS = MEMBERS[0], MEMBERS[3]
PROVIDERS = ("EC2", "ECS", "EKS", "Lambda")


def describe_managing_account(page: Page) -> None:
    page.get_by_role("link", name="Set up the managing account").click()
    name = page.get_by_role("textbox", name="Name", exact=True)
    expect(name).to_have_value(MANAGING.name, timeout=PATIENCE)
    expect(page.get_by_label("AWS account ID")).to_have_value(MANAGING.account_id)
    press(page, "Save")
    expect(page.get_by_text("The managing account is saved.")).to_be_visible()
    expect(page.get_by_text("You can also manage this account")).to_be_visible()


def describe_account(page: Page) -> None:
    """Go through the wizard, with the slips that people make."""
    page.goto("/accounts/")
    page.get_by_role("link", name="Onboard an account").first.click()
    page.get_by_label("Name in Spinnaker").fill(DEV.name)
    page.get_by_label("AWS account ID").fill("2000 0000 00022")
    page.get_by_label("Environment").fill("dev")
    page.get_by_text("More settings").click()
    page.get_by_label("Write access").fill("operators, site reliability")
    press(page, "Save and continue")
    expect(page.locator("#id_account_id_error")).to_contain_text("12 digits")
    page.get_by_label("AWS account ID").fill("2000 0000 0002")
    press(page, "Save and continue")

    for title in PROVIDERS:
        page.get_by_role("checkbox", name=title).check()
    press(page, "Save and continue")

    expect(page.get_by_label("Access role")).to_have_value(ACCESS_ROLE)
    expect(page.get_by_label("us-east-1")).to_be_checked(timeout=PATIENCE)
    press(page, "Test access")
    expect(page.get_by_text("Access works")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_label("Require an external ID")).to_have_count(0)
    press(page, "Save and continue")

    cluster = page.get_by_role("group", name="Cluster apps in us-east-1")
    expect(cluster).to_be_visible(timeout=PATIENCE)
    cluster.get_by_label("Access level").select_option("edit")
    cluster.get_by_label("Namespaces").fill("web")
    press(page, "Save and continue")
    expect(page.get_by_text("Ready to plan")).to_be_visible()


@pytest.mark.smoke
def test_an_account_with_every_provider_is_onboarded(
    page: Page, tmp_path: Path
) -> None:
    describe_managing_account(page)
    describe_account(page)

    plan_first(page)
    expect(page.get_by_text("Nothing in AWS changes until you approve")).to_be_visible()
    expect(page.get_by_text("0 to update")).to_be_visible()
    expect(page.get_by_role("heading", name="policy BowlineEC2Write")).to_be_visible()
    press(page, "Expand all")
    expect(page.locator(".diff-added:visible").first).to_be_visible()
    press(page, "Approve and apply")

    verified = page.get_by_role("heading", name="Verified: Spinnaker has access")
    expect(verified).to_be_visible(timeout=PATIENCE)
    checks = page.get_by_role("group")
    for title in PROVIDERS:
        folded = checks.filter(has=page.get_by_text(title, exact=True))
        expect(folded).to_contain_text(re.compile(r"\d passed"))
    checks.get_by_text("Spinnaker's role chain").click()
    chain = page.locator(".check").filter(has_text="Assume the managed role")
    expect(chain).to_be_visible()
    expect(chain).to_contain_text("passed")

    folder = download_bundle(page, tmp_path)
    hal = Hal(tmp_path / "hal")
    done = hal.run(["bash", str(folder / "hal" / "apply.sh")])
    assert done.returncode == 0, done.stderr
    assert hal.names("aws") == [DEV.name]
    assert hal.names("ecs") == [f"{DEV.name}-ecs"]
    assert hal.names("kubernetes") == [f"{DEV.name}-apps"]
    assert hal.account("aws", DEV.name)["lambdaEnabled"] is True
    assert hal.account("aws", DEV.name)["assumeRole"] == "role/spinnakerManaged"
    assert hal.account("aws", DEV.name)["permissions"] == {
        "WRITE": ["operators", "site reliability"]
    }


def download_bundle(page: Page, folder: Path) -> Path:
    """Build the bundle in the page, download it and unpack it."""
    page.wait_for_load_state()  # It loads itself again once the run ends.
    page.get_by_role("link", name="Go to bundles").click()
    page.wait_for_url("**/bundles/")
    return built_bundle(page, folder)


FAULTS = (
    (
        UNTRUSTING,
        "The plan couldn't be created",
        f"could not assume {UNTRUSTING.arn(f'role/{ACCESS_ROLE}')}",
        "its trust policy must allow sts:AssumeRole",
    ),
    (
        HANDMADE,
        "The plan couldn't be created",
        f"The role spinnakerManaged in account {HANDMADE.account_id} already exists",
        "Keep existing roles in the account's Access step",
    ),
    (
        LIMITED,
        "The run stopped while changing AWS",
        "AWS refused iam:PutRolePolicy",
        f"Allow iam:PutRolePolicy to the role {ACCESS_ROLE}",
    ),
)


def test_planted_faults_end_in_the_right_sentence_and_in_no_bundle(
    page: Page, tmp_path: Path
) -> None:
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)
    for member in (TOOLS, *(fault[0] for fault in FAULTS)):
        account_row(member.name, account_id=member.account_id, access_role=ACCESS_ROLE)

    page.goto(ManagedAccount.objects.get(name=TOOLS.name).get_absolute_url())
    plan_first(page)
    press(page, "Approve and apply")
    verified = page.get_by_role("heading", name="Verified: Spinnaker has access")
    expect(verified).to_be_visible(timeout=PATIENCE)

    for member, heading, sentence, fix in FAULTS:
        page.goto(ManagedAccount.objects.get(name=member.name).get_absolute_url())
        plan(page)
        if member is LIMITED:
            press(page, "Approve and apply")
        result = page.locator(".result-bad")
        expect(result).to_be_visible(timeout=PATIENCE)
        for text in (heading, sentence, fix, "Plan again"):
            expect(result).to_contain_text(text)
        if member is LIMITED:
            expect(result).to_contain_text('"Action": "iam:PutRolePolicy"')
        if member is HANDMADE:
            result.get_by_role("link", name="Keep and use existing roles").click()
            adopts = page.get_by_label("Keep and use existing roles")
            expect(adopts).to_be_focused()
            expect(adopts).not_to_be_checked()

    page.goto("/runs/?text=accounttools")
    page.get_by_role("link", name=re.compile(r"^Run \d+$")).click()
    folder = download_bundle(page, tmp_path)
    told = " ".join(path.read_text() for path in folder.rglob("*") if path.is_file())
    assert TOOLS.account_id in told
    assert not [fault[0].name for fault in FAULTS if fault[0].name in told]
