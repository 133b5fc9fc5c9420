"""Long lists at a desk and on a phone: how high they are, where their first row is, and
that what has the focus is in sight.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from accounts.models import ManagedAccount, Run
from accounts.models.states import State, Status
from tests.accounts.web.browsing import signed_in
from tests.rows import managing_row, person

HIGHEST = 3000
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def many(transactional_db: None) -> None:
    person("operator")
    managing_row()
    rows = ManagedAccount.objects.bulk_create(
        ManagedAccount(
            name=f"payments-team-{number:02}",
            account_id=f"{number:012}",
            environment=f"data-platform-{number % 38:02}",
            state=State.FAILED if number % 7 == 0 else State.DRAFT,
        )
        for number in range(75)
    )
    Run.objects.bulk_create(
        Run(number=n, account=row, account_name=row.name, status=Status.FAILED)
        for n, row in enumerate(rows, start=1)
    )


def height_of(page: Page) -> int:
    height: int = page.evaluate("document.documentElement.scrollHeight")
    return height


@pytest.mark.parametrize("path", ["/", "/accounts/", "/runs/"])
def test_a_page_of_many_accounts_is_not_endless(
    browser: Browser, live_server: Any, many: None, path: str
) -> None:
    page = signed_in(browser, live_server, viewport=DESK)

    page.goto(path)

    assert height_of(page) <= HIGHEST


def test_the_preview_of_a_file_is_not_endless(
    browser: Browser, live_server: Any, many: None
) -> None:
    page = signed_in(browser, live_server, viewport=DESK)
    page.goto("/accounts/file/")
    heading = "name,account_id,environment,regions,READ,WRITE,ec2,ecs,lambda\n"
    lines = "".join(
        f"new-{n:02},8{n:011},env-{n % 7},us-east-1,devs,sre,yes,yes,yes\n"
        for n in range(60)
    )
    file = {"name": "a.csv", "mimeType": "text/csv"}
    page.locator("#id_file").set_input_files(
        {**file, "buffer": (heading + lines).encode()}
    )
    page.get_by_role("button", name="Check the file").click()
    page.get_by_text("Same in all 50 new accounts").wait_for()

    assert height_of(page) <= HIGHEST


def test_the_first_account_is_in_sight_on_a_phone(
    browser: Browser, live_server: Any, many: None
) -> None:
    page = signed_in(browser, live_server, viewport=PHONE)
    page.goto("/accounts/")

    row = page.locator("tbody tr").first.bounding_box()

    assert row
    assert row["y"] < 400


@pytest.mark.parametrize(("size", "most"), [(DESK, 70), (PHONE, 150)])
def test_the_bar_of_the_selected_is_low_and_never_over_the_focus(
    browser: Browser, live_server: Any, many: None, size: Any, most: int
) -> None:
    page = signed_in(browser, live_server, viewport=size)
    page.goto("/accounts/")
    page.locator("[name=account]").first.check()
    bar = page.locator(".bar").bounding_box()
    assert bar
    assert bar["height"] <= most

    under = []
    for _ in range(60):
        page.keyboard.press("Tab")
        under += page.evaluate(UNDER_THE_BAR)

    assert under == []


# What has the focus and is not in the bar, where the bar is over a part of it.
UNDER_THE_BAR = """() => {
    const one = document.activeElement, bar = document.querySelector(".bar");
    if (bar.contains(one)) return [];
    const over = one.getBoundingClientRect().bottom - bar.getBoundingClientRect().top;
    return over > 1 ? [`${one.outerHTML.slice(0, 80)} by ${Math.round(over)} px`] : [];
}"""
