"""60 accounts, two of them broken: from an accounts file to a bundle of all of them,
on the pages, by an operator and an approver who are two people.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import Bundle, ManagedAccount, Rollout
from accounts.models.states import State
from accounts.spinnaker.bundles import build
from tests.accounts.runs.rollouts.rows import work
from tests.accounts.web.browsing import complaints, signed_in
from tests.journey.pages import begin_bundle, press, section
from tests.journey.remembering_aws import RememberingAws, replace_aws
from tests.rows import managing_row, person

ENVIRONMENTS = ("dev", "staging", "production")
EACH = 20
BROKEN = ("production-3", "production-7")
CAUSE = "Bowline couldn't assume arn:aws:iam::…:role/OrganizationAccountAccessRole"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> RememberingAws:
    managing_row()
    person("operator", username="olga")
    person("approver", username="ann")
    return replace_aws(monkeypatch)


def accounts_file() -> str:
    """Write 60 accounts; those in production have a role that may write, as asked."""
    rows = ["name,account_id,environment,regions,access_role,WRITE,ec2"]
    for e, environment in enumerate(ENVIRONMENTS, 1):
        for n in range(EACH):
            rows.append(
                f"{environment}-{n},{e:04}-0000-{n:04},{environment},us-east-1,"
                "OrganizationAccountAccessRole,operators,yes"
            )
    return "\n".join(rows) + "\n"


def plan_the_file(page: Page) -> Rollout:
    page.goto("/accounts/file/")
    file = {"name": "accounts.csv", "mimeType": "text/csv"}
    page.locator("input[type=file]").set_input_files(
        [{**file, "buffer": accounts_file().encode()}]  # type: ignore[list-item]
    )
    press(page, "Validate the file")
    press(page, "Save 60 accounts")
    press(page, "Plan 60 accounts")
    expect(page.get_by_role("heading", level=1)).to_contain_text("60 accounts")
    return Rollout.objects.get()


def reads_the_cause(page: Page) -> None:
    """Two failures of one cause are one thing to fix, for these two and nobody else."""
    failed = section(page, "Failures by cause")
    expect(failed.get_by_text("2 accounts:")).to_have_count(1)
    expect(failed).to_contain_text(CAUSE)
    expect(failed).to_contain_text("its trust policy allows sts:AssumeRole")
    for name in BROKEN:
        expect(failed).to_contain_text(name)
    expect(failed).not_to_contain_text("production-1")


def approve(page: Page, rollout: Rollout, *environments: str) -> None:
    """Approve the plans of these environments, and leave the others."""
    page.goto(rollout.get_absolute_url())
    page.get_by_role("link", name="Review", exact=False).last.click()
    parts = section(page, "Environments")
    for name in ENVIRONMENTS:
        part = parts.get_by_role("checkbox", name=name)
        if part.count() and name not in environments:
            part.uncheck()
    page.get_by_role("button", name="Approve").click()
    plans = EACH * len(environments)
    expect(page.get_by_text(f"{plans} plans are approved.")).to_be_visible()
    expect(page.get_by_text("joined this group")).to_have_count(0)


def test_two_broken_accounts_of_sixty_are_found_fixed_and_bundled(
    browser: Browser, live_server: Any, aws: RememberingAws
) -> None:
    olga = signed_in(browser, live_server, "olga")
    ann = signed_in(browser, live_server, "ann")
    told = complaints(olga), complaints(ann)
    rollout = plan_the_file(olga)
    broken = ManagedAccount.objects.filter(name__in=BROKEN)
    aws.untrusting = {*broken.values_list("account_id", flat=True)}
    work(rollout)

    olga.goto("/")
    reads_the_cause(olga)
    production = section(olga, "Environments").get_by_role("row", name="production")
    expect(production.get_by_role("link", name="2", exact=True)).to_be_visible()
    olga.goto(rollout.get_absolute_url())
    reads_the_cause(olga)
    expect(olga.get_by_text("58 need approval, 2 failed")).to_be_visible()
    olga.get_by_role("link", name="Review 58 plans").click()
    expect(olga.get_by_role("button", name="Approve")).to_have_count(0)
    expect(
        olga.get_by_text("You need the approver role to approve these plans.")
    ).to_be_visible()

    aws.untrusting.clear()
    olga.goto(rollout.get_absolute_url())
    press(olga, "Retry failed accounts")
    expect(olga.get_by_text("Started again for 2 accounts.")).to_be_visible()
    work(rollout)

    ann.goto(rollout.get_absolute_url())
    expect(ann.get_by_role("region", name="Failures by cause")).to_have_count(0)
    ann.get_by_role("link", name="Review the managing account").click()
    press(ann, "Approve and apply")
    expect(ann.get_by_role("button", name="Approve and apply")).not_to_be_attached()
    approve(ann, rollout, "dev", "staging")
    work(rollout)
    states = ManagedAccount.objects.values_list("environment", "state").distinct()
    assert dict(states) == {
        "dev": State.VERIFIED,
        "staging": State.VERIFIED,
        "production": State.PLANNED,
    }
    approve(ann, rollout, "production")
    work(rollout)

    olga.goto(rollout.get_absolute_url())
    expect(olga.get_by_role("heading", name="Finished", exact=True)).to_be_visible()
    expect(olga.get_by_text("60 of 60 done")).to_be_visible()
    olga.goto("/bundles/")
    begin_bundle(olga, "60 accounts")
    expect(olga.get_by_role("heading", level=1)).to_contain_text("Bundle 1")
    build(Bundle.objects.get())
    olga.goto("/bundles/1/?tab=accounts")
    expect(olga.get_by_text("of 60")).to_be_visible()
    assert Bundle.objects.get().accounts.count() == 60
    assert told == ([], [])
