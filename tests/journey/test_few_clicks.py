"""How much is asked of a person, from the sign-in to a verified account with all
providers, and to a bundle of 70: every click and every typed field is counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from accounts.models import Bundle, ManagedAccount, Rollout
from accounts.models.states import State
from accounts.runs import carrying_out, planning, verifying
from accounts.runs.managing import applying, other_sites
from accounts.runs.scope import Comparison, Side
from accounts.spinnaker.bundles import build
from onboarding.aws.session import Sessions
from onboarding.aws.site_tags import UNTAGGED, SiteTags
from onboarding.checks import Outcome
from onboarding.resources.kinds import Key, Resource
from onboarding.resources.plan import Delete, diff
from onboarding.topology import Managing, Reach
from onboarding.verify.chain import BECOME_IDENTITY
from onboarding.verify.result import Result
from onboarding.verify.verification import CHAIN
from script.emulated_organization import MEMBERS
from tests.accounts.runs.rollouts.rows import work
from tests.journey.pages import PATIENCE, VERIFIED
from tests.rows import PASSWORD, decider, managing_row

ASKS_AWS = (
    "refuse_organization",
    "refuse_regions",
    "refuse_outsider",
    "refuse_key_policies",
    "refuse_changes",
)
"""What planning asks besides what exists."""


class RememberingAws:
    """An AWS that only remembers what Bowline made there. Everything else is real."""

    def __init__(self) -> None:
        self.made: dict[str, dict[Key, Resource]] = {}
        self.tags = UNTAGGED

    def compared(self, side: Side, _: Sessions, **__: bool) -> Comparison:
        made = self.made.get(side.reach.account_id, {})
        observed = tuple(made[one.key] for one in side.looks_for if one.key in made)
        wanted = () if side.removes else side.wanted
        changes = diff(wanted, observed, adopts=side.adopts)
        return Comparison(changes, len(observed), observed, read_at=timezone.now())

    def apply(self, _: Sessions, reach: Reach, change: Any, **__: Any) -> None:
        made = self.made.setdefault(reach.account_id, {})
        if isinstance(change, Delete):
            made.pop(change.resource.key)
        else:
            made[change.resource.key] = change.resource

    def sign(self, _: Sessions, __: Managing, tags: SiteTags, **___: Any) -> None:
        self.tags = tags


def replace_aws(patch: pytest.MonkeyPatch) -> None:
    """Let the runs of this process work in an AWS that remembers."""
    aws = RememberingAws()
    verified = Result(CHAIN, BECOME_IDENTITY, Outcome.PASSED)
    patch.setattr(Side, "compared", lambda side, *a, **b: aws.compared(side, *a, **b))
    patch.setattr(Side, "hand_on", lambda *_, **__: None)
    patch.setattr(carrying_out, "apply", aws.apply)
    patch.setattr(other_sites, "read_site_tags", lambda *_: aws.tags)
    patch.setattr(applying, "write_site_tags", aws.sign)
    patch.setattr(planning, "look_up", lambda *_: False)
    patch.setattr(verifying, "checks", lambda *_: [verified])
    patch.setattr(verifying, "passing_in", lambda *_: None)
    patch.setattr(Sessions, "caller", lambda _: None)
    for name in ASKS_AWS:
        patch.setattr(planning, name, lambda *_: None)


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
    hands.click("link", "Go to the managing account's plan")
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
