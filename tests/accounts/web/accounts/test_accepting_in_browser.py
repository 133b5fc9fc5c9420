"""Evaluated accounts are accepted together in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from accounts.models import ManagedAccount
from accounts.models.states import State
from tests.accounts.web.browsing import assert_it_looks_right
from tests.rows import account_row, decider, managing_row

pytestmark = pytest.mark.django_db(transaction=True)
USER = "arn:aws:iam::911111111111:user/bots/spinnakerManaging"


@pytest.mark.smoke
def test_from_the_overview_all_but_one_are_accepted(signed_in) -> None:
    olga = decider()
    managing_row(identity_kind="existing", identity_arn=USER)
    for number, environment in enumerate(("dev", "dev", "staging", "production"), 1):
        account = account_row(
            f"team-{number}",
            account_id=f"{number:012}",
            environment=environment,
            state=State.EVALUATED,
            verification=State.EVALUATED,
            adopts=True,
        )
    account.authors.add(olga)
    page = signed_in(olga.username, viewport={"width": 1440, "height": 900})

    page.goto("/")
    assert_it_looks_right(page, "overview-to-accept")
    page.get_by_role("link", name="Review and accept").click()
    expect(page.get_by_text("You can't accept 1 account.")).to_be_visible()
    assert_it_looks_right(page, "to-accept")
    page.get_by_label("Select team-3").uncheck()
    page.get_by_role("button", name="Accept 2").click()

    expect(page.get_by_text("You accepted 2 accounts.")).to_be_visible()
    left = ManagedAccount.objects.to_accept().order_by("name")
    assert [one.name for one in left] == ["team-3", "team-4"]
