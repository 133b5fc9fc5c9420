"""How much is asked of a person, from the sign-in to a verified account with all
providers: every click and every typed field is counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import ManagedAccount
from accounts.models.states import State
from script.emulated_organization import MEMBERS
from tests.journey.pages import PATIENCE, VERIFIED
from tests.rows import PASSWORD

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
    hands.write("Name", "olga")
    hands.write("Password", PASSWORD)
    hands.click("button", "Sign in")

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
