"""A rollout in a real browser, from the list of accounts to the last one verified."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import expect

from accounts.models import Rollout
from script.emulated_organization import (
    ACCESS_ROLE,
    ADMINISTRATOR,
    MEMBERS,
    Credentials,
)
from tests.accounts.runs.carried import member, root
from tests.accounts.runs.conftest import here as here
from tests.accounts.runs.conftest import unadopted as unadopted
from tests.accounts.runs.rollouts.rows import work
from tests.accounts.web.browsing import assert_it_looks_right, complaints
from tests.rows import person


@pytest.fixture
def olga(transactional_db: None) -> None:
    """Somebody who plans and approves."""
    person("operator").groups.add(Group.objects.get(name="approver"))


@pytest.mark.smoke
def test_accounts_are_chosen_planned_approved_watched_and_one_is_fixed(
    signed_in, olga: None, here: Credentials
) -> None:
    for account in MEMBERS[:3]:
        member(account)
    first, _, second = MEMBERS[:3]
    both = [root(here, account, "iam") for account in (first, second)]
    permissions = {"RoleName": ACCESS_ROLE, "PolicyArn": ADMINISTRATOR}
    wide = {"width": 1440, "height": 900}
    page = signed_in(viewport=wide, bypass_csp=True)
    told = complaints(page)

    page.goto("/accounts/")
    page.get_by_label("Select all on this page").check()
    page.get_by_role("button", name="Plan changes").click()
    expect(
        page.get_by_role("heading", name=re.compile("Rollout .*: 3"))
    ).to_be_visible()
    rollout = Rollout.objects.get()
    work(rollout)
    expect(page.get_by_role("link", name="Review 3 plans")).to_be_visible()
    assert_it_looks_right(page, "1-planned")

    page.get_by_role("link", name="Review the managing account").click()
    approve = page.get_by_role("button", name="Approve and apply")
    approve.click()
    expect(approve).not_to_be_attached()
    page.get_by_role("link", name=f"Rollout {rollout.number}").click()
    page.get_by_role("link", name="Review 3 plans").click()
    approve = page.get_by_role("button", name="Approve 3 plans")
    expect(approve).to_be_visible()
    assert_it_looks_right(page, "2-group")
    approve.click()
    expect(page.get_by_text("3 plans are approved.")).to_be_visible()

    for iam in both:  # what one alone has holds no other back
        iam.detach_role_policy(**permissions)
    work(rollout)
    expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    expect(page.get_by_role("heading", name="Failures by cause")).to_be_visible()
    assert_it_looks_right(page, "3-paused")

    for iam in both:
        iam.attach_role_policy(**permissions)
    page.get_by_role("button", name="Retry failed accounts").click()
    expect(page.get_by_text("Started again for")).to_be_visible()
    work(rollout)
    page.get_by_role("link", name="Review 2 plans").click()
    page.get_by_role("button", name="Approve 2 plans").click()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("continues")).to_be_visible()
    work(rollout)
    expect(page.get_by_role("heading", name="Finished")).to_be_visible()
    expect(page.get_by_text("3 of 3 done")).to_be_visible()
    assert_it_looks_right(page, "4-finished")

    page.goto("/runs/rollouts/")
    assert_it_looks_right(page, "5-list")
    assert told == []
