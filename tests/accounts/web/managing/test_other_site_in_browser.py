"""The managing account's page in a real browser, after another database changed it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from accounts.models.states import State
from tests.accounts.web.browsing import assert_axe_finds_nothing
from tests.accounts.web.looks import faults
from tests.rows import kept_role, managing_row, person

LONG = "arn:aws:iam::000000000006:role/teams/delivery/spinnaker/deploys-with-a-name"


@pytest.fixture
def operator(transactional_db: None) -> User:
    site = "0b1f6a52-7c1e-4a53-9c39-0d8a5f5d8f11"
    roles = [LONG, *(kept_role(number)["arn"] for number in range(20, 25))]
    found = {"site": site, "revision": 1_204, "roles": roles}
    managing_row(name="core", state=State.FAILED, other_site=found)
    return person("operator")


@pytest.mark.parametrize("width", [390, 1440])
def test_the_list_is_adopted_and_shown(width: int, signed_in, operator: User) -> None:
    page = signed_in(viewport={"width": width, "height": 900}, bypass_csp=True)
    page.goto("/managing/")
    page.get_by_text("Roles on the list that this database").click()
    assert faults(page) == []
    assert_axe_finds_nothing(page)

    page.get_by_role("button", name="Adopt the list").click()

    expect(page.get_by_text("Kept roles on the list: 6.")).to_be_visible()
    left = "000000000006, not in this Bowline"
    expect(page.get_by_role("cell", name=left, exact=True)).to_be_visible()
    assert faults(page) == []
    assert_axe_finds_nothing(page)
