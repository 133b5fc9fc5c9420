"""An account that Spinnaker has is edited, rotated and removed, in a real browser.

Everything is real but AWS, which is emulated. Whatever a bundle changes, adds or leaves
out, a page has said before it was built.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import ManagedAccount
from accounts.models.states import State
from onboarding.spinnaker.bundle.comparison import LABELS
from script.emulated_organization import (
    ACCESS_ROLE,
    MANAGING,
    MEMBERS,
    REGIONS,
    Credentials,
    Edge,
)
from tests.journey.pages import PATIENCE, approve, fact, plan, press, section
from tests.rows import account_row, managing_row

STAGING, NEIGHBOUR = MEMBERS[1], MEMBERS[3]
ACCOUNTS = "hal/accounts.yml"

Difference = tuple[str, str]
"""An account's name, and a field or what happens to the account."""


class Bundle(NamedTuple):
    """A bundle as it was downloaded."""

    number: int
    files: dict[str, str]

    @property
    def accounts(self) -> dict[str, dict[str, Any]]:
        return {one["name"]: one for one in json.loads(self.files[ACCOUNTS])["aws"]}

    @property
    def staging(self) -> dict[str, Any]:
        return self.accounts[STAGING.name]


NONE = Bundle(0, {ACCOUNTS: '{"aws": []}'})


def differences(before: Bundle, after: Bundle) -> set[Difference]:
    """Compare what two bundles tell Spinnaker of its accounts."""
    was, now = before.accounts, after.accounts
    found = {(name, "added") for name in now.keys() - was.keys()}
    found |= {(name, "removed") for name in was.keys() - now.keys()}
    return found | {
        (name, LABELS[field])
        for name in now.keys() & was.keys()
        for field in now[name].keys() | was[name].keys()
        if now[name].get(field) != was[name].get(field)
    }


class Bundles:
    """Builds bundles on the pages, and holds each to what was said beforehand."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self.folder, self.last = page, folder, NONE
        self.said: set[Difference] = set()

    def announced(self) -> set[Difference]:
        """Read what the next bundle would change, in the page before it is built."""
        page = self.page
        page.goto("/bundles/")
        page.get_by_role("link", name="Preview the next bundle").click()
        number = self.last.number + 1
        heading = page.get_by_role("heading", name=f"Bundle {number}, not built yet")
        expect(heading).to_be_visible()
        self.said = {*self.read_first("New", "added")}
        self.said |= {*self.read_first("Deletions", "removed")}
        self.said |= {*self.read_first("Changed")}
        return self.said

    def read_first(self, topic: str, happens: str = "") -> Iterator[Difference]:
        """Yield what a topic of “Before you approve” says of each account: what happens
        to it, or which fields change.
        """
        term = self.page.locator("dt").filter(has_text=re.compile(rf"^\s*{topic} \d+$"))
        for line in term.locator("xpath=following-sibling::dd[1]").locator("p").all():
            names = line.get_by_role("link").all_inner_texts()
            # Of accounts of which the same is said there is one line.
            fields = line.inner_text().partition(names[-1])[2].strip(" .:")
            yield from product(names, (happens or fields).split(", "))

    def build(self) -> Bundle:
        """Build it there: it differs from the last one by what the page said."""
        number = self.last.number + 1
        press(
            self.page,
            f"Build bundle {number}" if self.said else ("Build the bundle anyway"),
        )
        link = self.page.get_by_role("link", name="Download bundle")
        expect(link).to_be_visible(timeout=PATIENCE)
        with self.page.expect_download() as download:
            link.click()
        archive = self.folder / f"{number}.zip"
        download.value.save_as(archive)
        with zipfile.ZipFile(archive) as files:
            texts = {name: files.read(name).decode() for name in files.namelist()}
        built = Bundle(number, texts)
        assert differences(self.last, built) == self.said
        self.last = built
        return built

    def install(self) -> None:
        """Say that Spinnaker has the last one now."""
        self.page.goto(f"/bundles/{self.last.number}/")
        if "hal/removed.yml" in self.last.files:
            self.page.locator("#answer").fill("gone")
        press(self.page, "Mark as installed")
        said = self.page.get_by_text("Spinnaker has this bundle, recorded")
        expect(said).to_be_visible()


def open_staging(page: Page, tab: str = "") -> None:
    account = ManagedAccount.objects.get(name=STAGING.name)
    page.goto(f"{account.get_absolute_url()}?tab={tab}")
    heading = page.get_by_role("heading", level=1, name=STAGING.name, exact=True)
    expect(heading).to_be_visible()


def accepted_in_aws(organization: Credentials) -> set[str]:
    """Read in AWS which external IDs the account's role accepts."""
    edge = Edge(boto3.Session(), organization.endpoint, STAGING)
    role = edge.client("iam").get_role(RoleName="spinnakerManaged")["Role"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    accepted = statement["Condition"]["StringEquals"]["sts:ExternalId"]
    return {accepted} if isinstance(accepted, str) else {*accepted}


def test_a_delivered_account_is_edited_rotated_and_removed_and_nobody_is_surprised(
    page: Page, own_organization: Credentials, tmp_path: Path
) -> None:
    bundles = Bundles(page, tmp_path)
    deliver(page, bundles)
    edit(page, bundles)
    rotate(page, bundles, own_organization)
    cancel_a_rotation(page, bundles, own_organization)
    remove(page, bundles, own_organization)


def deliver(page: Page, bundles: Bundles) -> None:
    """Onboard it, and say that Spinnaker has it. Its neighbour is there already."""
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)
    account_row(
        STAGING.name,
        account_id=STAGING.account_id,
        access_role=ACCESS_ROLE,
        write_roles=["operators"],
    )
    account_row(
        NEIGHBOUR.name,
        account_id=NEIGHBOUR.account_id,
        access_role=ACCESS_ROLE,
        state=State.VERIFIED,
        verification=State.VERIFIED,
        verified_at=timezone.now(),
        granted_at=timezone.now(),
    )
    page.goto("/managing/")
    plan(page)
    approve(page, "Verified")
    open_staging(page)
    plan(page)
    approve(page)

    added = {(STAGING.name, "added"), (NEIGHBOUR.name, "added")}
    assert bundles.announced() == added
    built = bundles.build()
    assert built.staging["regions"] == [{"name": "us-east-1"}]
    bundles.install()


def edit(page: Page, bundles: Bundles) -> None:
    delivered = bundles.last.staging
    open_staging(page)
    page.get_by_role("link", name="Edit").click()
    page.get_by_text("More settings").click()
    page.get_by_label("Write access").fill("site reliability")
    for step in ("providers", "access"):
        press(page, "Save and continue")
        expect(page).to_have_url(re.compile(f"/{step}/"))
    page.get_by_label("Regions").fill("us-east-1, us-west-2")
    press(page, "Save and continue")
    expect(page).to_have_url(re.compile("/details/"))
    page.get_by_label("Role path").fill("/deployed/")
    press(page, "Save and continue")
    expect(page.get_by_text("Ready to plan")).to_be_visible()

    assert bundles.announced() == set()
    expect(section(page, "Edits not included")).to_contain_text(STAGING.name)
    assert bundles.build().staging == delivered
    open_staging(page)
    plan(page, "Plan again")
    expect(page.get_by_text("1 in Spinnaker", exact=True)).to_be_visible()
    waiting = page.url
    assert bundles.announced() == set()

    page.goto(waiting)
    approve(page)
    changed = {(STAGING.name, "permissions"), (STAGING.name, "regions")}
    assert bundles.announced() == changed
    built = bundles.build()
    assert built.staging["permissions"] == {"WRITE": ["site reliability"]}
    assert [one["name"] for one in built.staging["regions"]] == [*REGIONS]
    page.goto("/bundles/")
    ahead = "Spinnaker has bundle 1; bundle 3 would change 1 account."
    expect(page.get_by_text(ahead)).to_be_visible()
    bundles.install()


def rotate(page: Page, bundles: Bundles, aws: Credentials) -> None:
    former = bundles.last.staging["externalId"]
    begin_rotation(page)
    new = external_id()
    assert new != former
    trust = section(page, "Trust")
    accepted = fact(page, "Accepted by AWS now")
    expect(accepted).to_have_text(
        "the previous one; the new one, too, once a plan is applied"
    )
    expect(trust).to_contain_text(f"Next: plan {STAGING.name}")
    refuse_to_finish(page)
    assert accepted_in_aws(aws) == {former}
    assert bundles.announced() == set()

    open_staging(page)
    plan(page, "Plan again")
    approve(page)
    assert accepted_in_aws(aws) == {former, new}
    open_staging(page, "settings")
    expect(accepted).to_have_text("both")
    expect(trust).to_contain_text("Next: build a bundle")
    refuse_to_finish(page)

    assert bundles.announced() == {(STAGING.name, "external ID")}
    assert bundles.build().staging["externalId"] == new
    open_staging(page, "settings")
    expect(trust).to_contain_text("Next: install that bundle in Spinnaker")
    refuse_to_finish(page)

    bundles.install()
    open_staging(page, "settings")
    press(page, "Finish the rotation")
    expect(
        page.get_by_text("AWS then accepts only the new external ID")
    ).to_be_visible()
    expect(accepted).to_have_text(f"{former}, too, until a plan is applied")
    assert accepted_in_aws(aws) == {former, new}
    plan(page, "Plan again")
    approve(page)
    assert accepted_in_aws(aws) == {new}
    assert bundles.announced() == set()


def cancel_a_rotation(page: Page, bundles: Bundles, aws: Credentials) -> None:
    """Begin another one, and go back once AWS accepts both."""
    former = bundles.last.staging["externalId"]
    begin_rotation(page)
    other = external_id()
    plan(page, "Plan again")
    approve(page)
    assert bundles.announced() == {(STAGING.name, "external ID")}
    open_staging(page, "settings")
    press(page, "Cancel the rotation")
    only_the_previous = page.get_by_text(
        "AWS then accepts only the previous external ID"
    )
    expect(only_the_previous).to_be_visible()
    assert external_id() == former

    plan(page, "Plan again")
    approve(page)
    assert accepted_in_aws(aws) == {former, other}
    assert bundles.announced() == set()
    open_staging(page, "settings")
    press(page, "Finish the rotation")
    expect(
        page.get_by_text("AWS then accepts only the new external ID")
    ).to_be_visible()


def remove(page: Page, bundles: Bundles, aws: Credentials) -> None:
    delivered = bundles.last.number
    open_staging(page, "remove")
    danger = section(page, "Remove from AWS")
    has_it = f"Spinnaker has {STAGING.name}, in bundle {delivered}."
    expect(danger).to_contain_text(has_it)
    refuse_to_remove(page, has_it)

    open_staging(page, "history")
    press(page, "Exclude from bundles")
    excluded = page.get_by_text(f"{STAGING.name} is excluded from later bundles.")
    expect(excluded).to_be_visible()
    assert bundles.announced() == {(STAGING.name, "removed")}
    out = section(page, "Excluded")
    expect(out).to_contain_text(STAGING.name)
    expect(out).to_contain_text("by olga")
    built = bundles.build()
    naming = {path for path, text in built.files.items() if STAGING.name in text}
    assert naming == {"README.md", "hal/removed.yml"}  # as what hal is to forget
    open_staging(page, "remove")
    refuse_to_remove(page, has_it)

    bundles.install()
    open_staging(page, "remove")
    expect(danger).not_to_contain_text("Spinnaker has")
    plan(page, "Plan the removal")
    page.get_by_label("Type accountstaging to continue").fill(STAGING.name)
    approve(page, "Removed from AWS")
    iam = Edge(boto3.Session(), aws.endpoint, STAGING).client("iam")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName="spinnakerManaged")
    assert bundles.announced() == set()
    open_staging(page, "checks")
    checks = section(page, "Checks")
    expect(checks).to_contain_text("Bowline's roles are no longer in this account.")


def begin_rotation(page: Page) -> None:
    open_staging(page, "settings")
    press(page, "Rotate the external ID")
    expect(page.get_by_text("A new external ID was created.")).to_be_visible()


def external_id() -> str:
    return str(ManagedAccount.objects.get(name=STAGING.name).external_id)


def refuse_to_finish(page: Page) -> None:
    """Send what the button would send: the page does not show it yet."""
    expect(page.get_by_role("button", name="Finish the rotation")).to_have_count(0)
    answer = send(page, "rotated/")
    assert "Not yet:" in answer
    page.reload()


def refuse_to_remove(page: Page, sentence: str) -> None:
    press(page, "Plan the removal")
    refused = page.get_by_role("status").get_by_text(sentence)
    expect(refused).to_be_visible()


def send(page: Page, action: str) -> str:
    cookies = {one["name"]: one["value"] for one in page.context.cookies()}
    token = {name: value for name, value in cookies.items() if "csrf" in name}
    answer = page.request.post(
        f"{page.url.partition('?')[0]}{action}",
        form={"csrfmiddlewaretoken": next(iter(token.values()))},
        headers={"Referer": page.url},
    )
    return answer.text()
