"""The page of the next bundle waits for the worker in a real browser, with axe."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from accounts.discover import comparisons
from accounts.models.states import State
from tests.accounts.web.answers import work
from tests.accounts.web.browsing import assert_axe_finds_nothing, complaints
from tests.rows import account_row, managing_row, person


@pytest.mark.smoke
def test_the_page_goes_on_by_itself_once_a_worker_has_compared(
    signed_in, live_server: Any, transactional_db: None, monkeypatch
) -> None:
    monkeypatch.setattr(comparisons, "MOST_ACCOUNTS", 0)
    monkeypatch.setattr("accounts.discover.questions.send_for", lambda lookup: None)
    person("operator")
    managing_row()
    account_row(verification=State.VERIFIED, state=State.VERIFIED)
    page = signed_in(bypass_csp=True)
    told = complaints(page)

    with page.expect_response("**/bundles/next/?look=1"):
        page.goto("/bundles/next/")
    expect(
        page.get_by_text("Comparing the accounts with the last bundle…")
    ).to_be_visible()
    assert_axe_finds_nothing(page)
    work()

    expect(page.get_by_text("The first bundle: 1 AWS account added")).to_be_visible()
    page.get_by_role("button", name="Build bundle 1").click()
    expect(page).to_have_url(f"{live_server.url}/bundles/1/")
    assert told == []
