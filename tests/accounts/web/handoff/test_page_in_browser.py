"""The owner's page in a real browser: what it offers, axe, and a phone."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, expect

from accounts.models.states import State, Status
from onboarding.topology import READER_ROLE, MadeBy
from tests.accounts.web.browsing import assert_it_fits, at_widths, complaints
from tests.rows import account_row, managing_row, person, run_row

WAYS = ["AWS CLI", "CloudFormation console", "Terraform", "StackSet"]


@pytest.fixture
def path(transactional_db: None) -> str:
    """Describe an account with everything that waits for the organization."""
    person("operator")
    principal = "arn:aws:iam::911111111111:user/bowline"
    managing_row(verification=State.VERIFIED, bowline_principal=principal)
    row = account_row(
        "a-very-long-name-" + "x" * 43,
        providers={"ec2": {}, "lambda": {}},
        made_by=MadeBy.ORGANIZATION.value,
        external_id_prefix="bow-7f3a",
        reader_role=READER_ROLE,
        state=State.HANDED_OFF,
    )
    run_row(Status.HANDED_OFF, account=row, handed_off_at=timezone.now())
    return reverse("accounts:hand-off", args=[row.pk])


def assert_it_opens(way: Locator) -> None:
    if way.get_attribute("open") is None:
        way.locator("> summary").click()
    expect(way.locator("li").first).to_be_visible()


@pytest.mark.smoke
@at_widths(390, 1440)
def test_each_way_opens_and_the_page_fits(
    signed_in, path: str, look: dict[str, Any]
) -> None:
    page = signed_in(**look)
    told = complaints(page)
    page.goto(path)

    ways = page.locator("details.installation")
    expect(ways.locator("> summary")).to_have_text(WAYS)
    for way in WAYS:
        assert_it_opens(ways.filter(has=page.get_by_text(way, exact=True)))
    assert_it_fits(page, look)
    assert told == []
