"""The page of groups in a real browser, wide and narrow, light and dark."""

from __future__ import annotations

import os
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import GroupRoles, Identity
from accounts.web.groups.forms import LONGEST
from tests.accounts.web.browsing import assert_it_fits, at_widths
from tests.accounts.web.groups.changes import PAGE
from tests.accounts.web.single_sign_on.provider import ISSUER
from tests.rows import person


@pytest.mark.smoke
@at_widths(1440, 390)
@pytest.mark.django_db(transaction=True)
def test_a_group_is_changed(signed_in, decided_here: Any, look: dict[str, Any]) -> None:
    person("administrator")
    for group in ("platform", "x" * LONGEST):
        roles = ["viewer", "operator@staging", "operator@test"]
        GroupRoles.objects.create(group=group, roles=roles)
    Identity.objects.create(
        person=person("viewer", username="ann"),
        issuer=ISSUER,
        subject="ann",
        seen_at=timezone.now(),
        groups=["platform"],
    )
    page = signed_in("administrator", **look)

    page.goto(PAGE)
    page.get_by_role("link", name="Change platform").click()
    expect(page.get_by_role("textbox", name="Group")).to_have_value("platform")
    page.get_by_role("checkbox", name="approver").check()
    page.get_by_role("button", name="Save group").click()

    words = "viewer, operator in staging and test only, approver"
    expect(page.get_by_text(words, exact=True)).to_be_visible()
    assert_it_fits(page, look)
    if folder := os.environ.get("LOOK"):
        name = f"groups-{look['viewport']['width']}-{look['color_scheme']}"
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
