"""Day two: somebody changes a verified account in AWS, the night finds it, the pages
say what, and an operator and an approver put it right.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, expect

from accounts.models import Run
from accounts.models.states import State, Status
from accounts.tasks import verify_all
from script.emulated_organization import MEMBERS, Credentials
from tests.accounts.runs.carried import carried, member, onboarded, root
from tests.accounts.runs.conftest import here as here
from tests.accounts.runs.conftest import unadopted as unadopted
from tests.accounts.web.answers import again
from tests.accounts.web.browsing import complaints, signed_in
from tests.journey.pages import press, section
from tests.rows import person

DEV = MEMBERS[0]
ROLE = "spinnakerManaged"


def work(status: Status) -> None:
    """Be the worker: carry on the run that is in this state."""
    carried(Run.objects.get(status=status))


def detach_a_policy(here: Credentials) -> str:
    """Take a policy from the role that Spinnaker assumes, as its owner could."""
    iam: Any = root(here, DEV, "iam")
    attached = iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    policy = attached[0]
    iam.detach_role_policy(RoleName=ROLE, PolicyArn=policy["PolicyArn"])
    return str(policy["PolicyName"])


def test_what_was_changed_in_aws_is_found_explained_and_put_right(
    browser: Browser, live_server: Any, transactional_db: None, here: Credentials
) -> None:
    person("operator", username="olga")
    person("approver", username="ann")
    account = member(DEV, environment="dev")
    onboarded(account)
    policy = detach_a_policy(here)
    verify_all()
    work(Status.VERIFYING)
    olga, ann = (signed_in(browser, live_server, name) for name in ("olga", "ann"))
    told = complaints(olga), complaints(ann)

    olga.goto("/")
    todo = section(olga, "What to do next")
    expect(todo).to_contain_text("1 account drifted")
    worse = section(olga, "New failures since the last verification")
    expect(worse).to_contain_text(f"Compare {DEV.name} with AWS")
    todo.get_by_role("link", name="View accounts").click()
    olga.get_by_role("link", name=DEV.name, exact=True).click()
    verdict = section(olga, "AWS no longer matches the verified state")
    expect(verdict).to_contain_text("AWS no longer matches what was approved.")
    expect(verdict).to_contain_text("failed")
    verdict.get_by_role("link", name=f"Compare {DEV.name} with AWS").click()
    failed = olga.locator("#checks-to-do")
    expect(failed).to_contain_text("AWS differs from what was approved")
    expect(failed).to_contain_text(policy)

    press(olga, "Plan again")
    expect(olga.get_by_role("heading", level=1)).to_contain_text("Run")
    work(Status.PLANNING)

    ann.goto("/")
    section(ann, "What to do next").get_by_role("link", name="Review the plan").click()
    expect(ann.get_by_text("Nothing in AWS changes until you approve")).to_be_visible()
    expect(ann.get_by_text("1 to create, 0 to update, 0 to delete")).to_be_visible()
    expect(ann.get_by_role("article")).to_contain_text(policy)
    press(ann, "Approve and apply")
    expect(ann.get_by_role("button", name="Approve and apply")).not_to_be_attached()
    work(Status.APPLYING)

    olga.goto(account.get_absolute_url())
    expect(section(olga, "Spinnaker has access")).to_be_visible()
    expect(olga.get_by_text("Needs attention")).to_have_count(0)
    olga.goto("/")
    expect(section(olga, "What to do next")).not_to_contain_text("drifted")
    expect(olga.get_by_text("New failures since")).to_have_count(0)
    assert again(account).state == State.VERIFIED
    assert told == ([], [])
