"""A team with twelve accounts comes with its own Spinnaker: from the files that they
have to the last role that is Bowline's, with one account put back in between.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import Bundle, ManagedAccount, ManagingAccount, Rollout, Run
from accounts.models.states import State, Status
from accounts.spinnaker.bundles import build
from accounts.wording import counted
from script.emulated_organization import (
    ACCESS_ROLE,
    BOWLINE,
    MANAGING,
    Account,
    Credentials,
    Edge,
    document,
)
from tests.accounts.runs.carried import carried, root
from tests.accounts.runs.conftest import unadopted as unadopted
from tests.accounts.runs.foreign.taken import seen, with_wide_role
from tests.accounts.runs.rollouts.rows import work
from tests.accounts.web.browsing import complaints, signed_in
from tests.journey.pages import begin_bundle, press, section
from tests.onboarding.adopting.documents import aws, halconfig
from tests.rows import person
from tests.servers import seed_member

TEAM = [
    Account(name=f"team_{number:02}", account_id=str(500_000_000_000 + number))
    for number in range(12)
]
IDENTITY = MANAGING.arn("role/SpinnakerAuthRole")
PUT_BACK = TEAM[4]


@pytest.fixture
def made(unadopted: Credentials) -> dict[str, Any]:
    """Make what the team has in AWS: an identity, which trusts Bowline, and a wide role
    in each account; return who may read each.
    """
    iam = root(unadopted, MANAGING, "iam")
    trusted = {"Service": "ec2.amazonaws.com", "AWS": MANAGING.arn(f"user/{BOWLINE}")}
    iam.create_role(
        RoleName="SpinnakerAuthRole",
        AssumeRolePolicyDocument=document(
            {"Principal": trusted, "Action": "sts:AssumeRole"}
        ),
    )
    iam.put_role_policy(
        RoleName="SpinnakerAuthRole",
        PolicyName="Assume",
        PolicyDocument=document(
            {
                "Action": "sts:AssumeRole",
                "Resource": "arn:aws:iam::*:role/spinnakerManaged",
            }
        ),
    )
    session = boto3.Session()
    found = {}
    for account in TEAM:
        seed_member(Edge(session, unadopted.endpoint, account), account)
        found[account.name] = with_wide_role(unadopted, account)
    return found


COUNTS_CLICKS = """
addEventListener("click", (event) => {
  if (event.isTrusted) localStorage.clicks = Number(localStorage.clicks || 0) + 1;
}, true);
"""
MOST_CLICKS = 16
"""For two people, from the first page to the installed bundle."""


def config(folder: Path) -> Path:
    """Write the Halyard config that the team has."""
    accounts = [
        aws(
            one.name,
            one.account_id,
            environment="production" if number > 8 else "dev",
            permissions={"WRITE": ["operators"]},
        )
        for number, one in enumerate(TEAM)
    ]
    file = folder / "config"
    file.write_bytes(
        halconfig({"aws": {"enabled": True, "accounts": accounts}})["config"]
    )
    return file


def added(page: Page, file: Path) -> Rollout:
    """Come from the first page, choose the config, and plan all accounts of it."""
    page.goto("/")
    page.get_by_role("link", name="Adopt an existing Spinnaker").click()
    page.get_by_label("Files", exact=True).set_input_files(file)
    press(page, "Create report")
    expect(page.get_by_text("Bowline can take 12 of 12 accounts")).to_be_visible()
    page.get_by_role("link", name="Add 12 accounts").click()
    page.get_by_label("Access role").fill(ACCESS_ROLE)
    page.get_by_label("Spinnaker's identity").fill(IDENTITY)
    press(page, "Preview 12 accounts")
    press(page, "Save 12 accounts")
    press(page, "Plan 12 accounts")
    expect(page.get_by_role("heading", level=1)).to_contain_text("12 accounts")
    return Rollout.objects.get()


def decided(page: Page, rollout: Rollout, count: int, operator: Page) -> None:
    """Review and approve all plans of a rollout, and let it be carried out; resume it
    after each wave where it waits for that.
    """
    work(rollout)
    page.goto(rollout.get_absolute_url())
    managing = page.get_by_role("link", name="Review the managing account")
    if managing.count():
        managing.click()
        press(page, "Approve and apply")
        expect(
            page.get_by_role("button", name="Approve and apply")
        ).not_to_be_attached()
    while Run.objects.filter(rollout=rollout, status=Status.PLANNED).exists():
        page.goto(rollout.get_absolute_url())
        page.get_by_role("link", name="Review", exact=False).last.click()
        typed = page.get_by_label("to continue")
        if typed.count():
            typed.fill(f"delete in {counted(count)}")
        page.get_by_role("button", name="Approve").click()
        expect(page.locator(".alert-success")).to_contain_text("approved.")
        work(rollout)
    while Rollout.objects.get(pk=rollout.pk).state == Rollout.State.PAUSED:
        operator.goto(rollout.get_absolute_url())
        expect(operator.get_by_text("resume the rollout")).to_be_visible()
        press(operator, "Resume")
        work(rollout)
    page.goto(rollout.get_absolute_url())
    expect(page.get_by_text(f"{count} of {count} done")).to_be_visible()


def installed(page: Page) -> None:
    page.goto("/bundles/")
    begin_bundle(page, "12 accounts")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bundle 1")
    build(Bundle.objects.get())
    page.goto("/bundles/1/")
    press(page, "Mark as installed")
    expect(page.get_by_text("Installed")).to_be_visible()


def planned_step(page: Page, step: str, *policies: str) -> Rollout:
    """Plan the next step of all accounts that are at it."""
    page.goto("/accounts/existing-roles/")
    part = page.get_by_role("region", name=step)
    for policy in policies:
        part.get_by_label(policy).check()
    part.get_by_role("button", name="Plan this step").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("account")
    return Rollout.objects.latest("number")


def test_twelve_accounts_are_adopted_and_taken_over(
    browser: Browser, live_server: Any, made: dict[str, Any], tmp_path: Path
) -> None:
    person("operator", username="olga")
    person("approver", username="ann")
    olga, ann = (signed_in(browser, live_server, name) for name in ("olga", "ann"))
    for page in (olga, ann):
        page.add_init_script(COUNTS_CLICKS)
    told = complaints(olga), complaints(ann)
    before = {name: seen(iam) for name, iam in made.items()}

    decided(ann, added(olga, config(tmp_path)), 12, olga)
    assert {one.state for one in ManagedAccount.objects.all()} == {State.VERIFIED}
    assert {name: seen(iam) for name, iam in made.items()} == before
    installed(olga)
    clicks = [page.evaluate("Number(localStorage.clicks)") for page in (olga, ann)]
    print(f"{clicks} clicks to the installed bundle")
    assert 0 < sum(clicks) <= MOST_CLICKS, clicks

    detach = "Detach the policies of others"
    wide = ("PowerUserAccess", "PassRole")
    decided(ann, planned_step(olga, detach, *wide), 12, olga)
    assert not any(seen(iam)["attached"] for iam in made.values())

    account = ManagedAccount.objects.get(name=PUT_BACK.name)
    olga.goto(f"{account.get_absolute_url()}?tab=of-others")
    olga.get_by_role("button", name="Undo").click()
    expect(olga.get_by_role("heading", level=1)).to_contain_text("Run")
    carried(Run.objects.latest("number"))
    assert seen(made[PUT_BACK.name]) == before[PUT_BACK.name]

    decided(ann, planned_step(olga, detach, *wide), 1, olga)
    decided(ann, planned_step(olga, "Replace the trust policy"), 12, olga)
    decided(ann, planned_step(olga, "Make the roles Bowline's"), 12, olga)

    olga.goto("/accounts/existing-roles/")
    expect(section(olga, "Taken over 12")).to_contain_text(
        "The roles are Bowline's, except those whose trust policy was left as it is."
    )
    expect(olga.get_by_role("button", name="Plan this step")).to_have_count(0)
    assert {str(seen(iam)["tags"]) for iam in made.values()} == {
        "[{'Key': 'managed-by', 'Value': 'bowline'}]"
    }
    assert ManagingAccount.objects.get().state == State.VERIFIED
    assert told == ([], [])
