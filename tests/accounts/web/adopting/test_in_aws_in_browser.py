"""AWS is looked at from a report, in a real browser: a worker's progress, and roles."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from accounts.discover import looking
from onboarding.adopting.looking import InAws
from tests.accounts.mapping.adopted import report_row
from tests.accounts.web.adopting.test_adopting_in_browser import operator as operator
from tests.accounts.web.adopting.test_in_aws import FOUND
from tests.accounts.web.answers import work
from tests.accounts.web.browsing import assert_axe_finds_nothing, complaints, width_of


@pytest.mark.smoke
def test_the_roles_follow_the_progress(
    signed_in, operator: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {one.account_id: one for one in FOUND.values()}
    ids = {name: one.account_id for name, one in FOUND.items()}
    report = report_row(User.objects.get(), ids)

    def look_at(_: Any, target: Any) -> InAws:
        return found[target.reach.account_id]

    monkeypatch.setattr(looking, "look_at", look_at)
    monkeypatch.setattr("accounts.discover.questions.wake", lambda lookup: True)
    page = signed_in()
    told = complaints(page)

    page.goto(report.get_absolute_url())
    page.get_by_role("link", name="Look at AWS").click()
    page.get_by_label("Role to look with").fill("Reader")
    page.get_by_role("button", name="Look at AWS").click()
    expect(page.get_by_text("Tried 0 of 2 accounts")).to_be_visible()
    assert_axe_finds_nothing(page)
    work()
    expect(page.get_by_role("heading", name="1 of 2 accounts read")).to_be_visible()
    page.get_by_text("What it can do").click()
    expect(page.get_by_text("PassRole is in role spinnakerManaged.")).to_be_visible()

    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert width_of(page) <= width
        assert_axe_finds_nothing(page)
    assert not told
