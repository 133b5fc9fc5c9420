"""Forgetting an account in a real browser, and its role on the managing account's
page.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import ManagedAccount
from accounts.models.states import State
from tests.accounts.web.browsing import assert_axe_finds_nothing
from tests.accounts.web.looks import faults
from tests.rows import account_row, kept_role, managing_row, person

LONG = kept_role(
    6,
    arn="arn:aws:iam::000000000006:role/teams/delivery/spinnaker/deploys-with-a-name",
    account="team-6-of-a-department-with-a-rather-long-name",
)


@pytest.fixture
def account(transactional_db: None) -> ManagedAccount:
    both = person("operator")
    both.groups.add(Group.objects.get(name="approver"))
    managing_row(state=State.VERIFIED, kept_roles=[LONG, kept_role(7)])
    now = timezone.now()
    verified = {"state": State.VERIFIED, "verification": State.VERIFIED}
    return account_row(adopts=True, granted_at=now, verified_at=now, **verified)


@pytest.mark.smoke
@pytest.mark.parametrize("width", [390, 1440])
def test_an_account_is_forgotten_and_its_role_is_kept(
    width: int, signed_in, account: ManagedAccount
) -> None:
    size = {"width": width, "height": 900}
    page = signed_in(viewport=size, bypass_csp=True)
    page.goto(f"/accounts/{account.pk}/?tab=remove")
    assert faults(page) == []
    assert_axe_finds_nothing(page)

    page.get_by_label("To forget it, type staging").fill("staging")
    page.get_by_role("button", name="Forget staging").click()

    said = page.get_by_text("staging is deleted from Bowline and stays as it is")
    expect(said).to_be_visible()
    page.set_viewport_size(size)
    page.goto("/managing/")
    row = page.get_by_role("row").filter(has_text="staging")
    assert faults(page) == []
    assert_axe_finds_nothing(page)

    row.get_by_role("button", name="Take off the role of staging").click()

    expect(page.get_by_text("The role is off the list.")).to_be_visible()
    expect(row).to_have_count(0)
