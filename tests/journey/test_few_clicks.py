"""How much is asked of a person, from the sign-in to a verified account with all
providers, and to a bundle of 70: every click and every typed field is counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from accounts.models import Bundle, ManagedAccount, Rollout
from accounts.models.states import State
from accounts.spinnaker.bundles import build
from script.emulated_organization import MEMBERS
from tests.accounts.runs.rollouts.rows import work
from tests.journey.pages import PATIENCE, VERIFIED
from tests.journey.remembering_aws import replace_aws
from tests.rows import PASSWORD, decider, managing_row

DEV = MEMBERS[0]
PROVIDERS = ("EC2", "ECS", "EKS", "Lambda")
MOST_CLICKS, MOST_TYPED = 17, 4


@dataclass
class Hands:
    """The only way in which this journey touches a page; each touch is counted."""

    page: Page
    clicks: list[str] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)

    def click(self, role: str, name: str) -> None:
        # What is pressed while its page still loads may be lost.
        self.page.wait_for_load_state()
        self.clicks.append(name)
        self.found(role, name).click()

    def write(self, label: str, text: str) -> None:
        self.typed.append(label)
        self.page.get_by_label(label).fill(text)

    def unfold(self, summary: str) -> None:
        self.clicks.append(summary)
        self.page.locator("summary", has_text=summary).first.click()

    def choose(self, label: str, name: str, content: str) -> None:
        self.clicks.append(label)
        file = {"name": name, "mimeType": "", "buffer": content.encode()}
        self.page.get_by_label(label, exact=True).set_input_files([file])  # type: ignore[list-item]

    def sign_in(self) -> None:
        self.write("Name", "olga")
        self.write("Password", PASSWORD)
        self.click("button", "Sign in")

    def found(self, role: str, name: str) -> Locator:
        return self.page.get_by_role(role, name=name).first  # type: ignore[arg-type]

    def sees(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=PATIENCE)


@pytest.fixture
def hands(page: Page) -> Hands:
    """Begin where anybody does: signed out."""
    page.context.clear_cookies()
    page.goto("/")
    return Hands(page)


def test_an_account_with_all_providers_takes_few_clicks_and_little_typing(
    hands: Hands,
) -> None:
    hands.sign_in()
    hands.click("link", "Set up the managing account")
    hands.sees("Filled in from AWS")
    hands.click("button", "Save")
    hands.click("link", "Onboard an account")

    hands.write("Name in Spinnaker", DEV.name)
    hands.write("AWS account ID", DEV.account_id)
    hands.click("button", "Save and continue")
    for title in PROVIDERS:
        hands.click("checkbox", title)
    hands.click("button", "Save and continue")
    hands.sees("Regions enabled in the account")
    hands.click("button", "Save and continue")
    hands.sees("Cluster apps in us-east-1")
    hands.click("button", "Save and continue")

    hands.click("button", "Plan changes")
    hands.click("link", "Go to its plan")
    hands.sees("Nothing in AWS changes until you approve")
    hands.click("button", "Approve and apply")
    hands.click("link", f"Continue with {DEV.name}")
    hands.sees("Nothing in AWS changes until you approve")
    hands.click("button", "Approve and apply")

    hands.sees(VERIFIED)
    account = ManagedAccount.objects.get()
    assert account.state == State.VERIFIED
    assert {one.key for one in account.providers.all()} == {
        "ec2",
        "ecs",
        "eks",
        "lambda",
    }
    print(f"{len(hands.clicks)} clicks, {len(hands.typed)} typed fields")
    assert len(hands.clicks) <= MOST_CLICKS, hands.clicks
    assert len(hands.typed) <= MOST_TYPED, hands.typed


MANY, MOST_CLICKS_OF_MANY = 70, 16
"""The clicks don't grow with the accounts: those alike are one group of one rollout.
Each further group takes two more, to review it and to approve it.
"""


def accounts_file() -> str:
    rows = ["name,account_id,environment,regions,access_role,ec2"]
    for n in range(MANY):
        rows.append(f"team-{n},5000000{n:05},dev,us-east-1,AccessRole,yes")
    return "\n".join(rows) + "\n"


def test_seventy_accounts_take_few_clicks_from_a_file_to_a_bundle(
    browser: Browser,
    live_server: Any,
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The pages follow what workers do, so nobody loads one again."""
    replace_aws(monkeypatch)
    managing_row()
    decider()
    context = browser.new_context(base_url=live_server.url, accept_downloads=True)
    page = context.new_page()
    page.goto("/")
    hands = Hands(page)
    hands.sign_in()

    hands.click("link", "Accounts")
    hands.unfold("Add")
    hands.click("link", "Add from a file")
    hands.choose("The file", "accounts.csv", accounts_file())
    hands.click("button", "Validate the file")
    hands.click("button", f"Save {MANY} accounts")
    hands.click("button", f"Plan {MANY} accounts")
    hands.sees(f": {MANY} accounts")
    rollout = Rollout.objects.get()
    work(rollout)

    hands.click("link", "Review the managing account")
    hands.click("button", "Approve and apply")
    hands.click("link", f"Rollout {rollout.number}")
    hands.click("link", f"Review {MANY} plans")
    hands.click("button", f"Approve {MANY} plans")
    hands.sees(f"{MANY} plans are approved.")
    work(rollout)

    hands.click("link", "Go to bundles")
    hands.click("button", f"Build a bundle of {MANY} accounts")
    hands.sees("Bundle 1")
    build(Bundle.objects.get())
    with page.expect_download() as download:
        hands.click("link", "Download bundle")

    assert download.value.failure() is None
    assert Bundle.objects.get().accounts.count() == MANY
    print(f"{len(hands.clicks)} clicks, {len(hands.typed)} typed fields")
    assert len(hands.clicks) <= MOST_CLICKS_OF_MANY, hands.clicks
    context.close()
