"""Long lists at a desk and on a phone: how high they are, where their first row is, and
that what has the focus is in sight.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from accounts.models import Activity, FoundRoles, ManagedAccount, Rollout, Run
from accounts.models.states import State, Status
from accounts.people.activity import record
from tests.accounts.runs.foreign.rows import foreign_row
from tests.accounts.web.looks import under_a_bar
from tests.rows import managing_row, person

Taken = FoundRoles.Taken
HIGHEST = {1440: 3000, 1024: 3500, 390: 4500}
"""By the width of the window; on a phone a row is a card."""

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def planted(number: int) -> None:
    """Plant accounts with existing roles in many environments; each seventh failed, and
    each has a run.
    """
    administrator, operator = person("administrator"), person("operator")
    managing_row()
    rows = ManagedAccount.objects.bulk_create(
        ManagedAccount(
            name=f"payments-team-{number:02}",
            account_id=f"{number:012}",
            environment=f"data-platform-{number % 38:02}",
            adopts=True,
            state=State.FAILED if number % 7 == 0 else State.DRAFT,
        )
        for number in range(number)
    )
    FoundRoles.objects.bulk_create(
        FoundRoles(
            account=row, taken=Taken.values[n % len(Taken)], read_at=row.created_at
        )
        for n, row in enumerate(rows)
    )
    for n, row in enumerate(rows[:75]):
        foreign_row(row, digest=f"{n:064}", alike=f"{n % 60:064}", removable=False)
    Run.objects.bulk_create(
        Run(number=n, account=row, account_name=row.name, status=Status.FAILED)
        for n, row in enumerate(rows, start=1)
    )
    for n, row in enumerate(rows[:75]):
        by = administrator if n % 2 else operator
        record(by, Activity.What.PLAN, row.name)
    rollout = Rollout.objects.create(number=1, state=Rollout.State.PAUSED)
    Run.objects.update(rollout=rollout, wave=1, error=REFUSED)


REFUSED = {"message": "AWS refused it.", "hint": "Allow it.", "account": "1" * 12}
PATHS = (
    "/",
    "/accounts/",
    "/accounts/existing-roles/",
    "/managing/",
    "/runs/",
    "/runs/rollouts/1/",
    "/settings/activity/",
    "/settings/people/",
)


@pytest.fixture
def many(transactional_db: None) -> None:
    planted(75)


def height_of(page: Page) -> int:
    height: int = page.evaluate("document.documentElement.scrollHeight")
    return height


@pytest.mark.parametrize("number", [8, 75, 1007])
def test_no_page_is_endless_and_nothing_with_the_focus_is_under_a_bar(
    signed_in, transactional_db: None, number: int
) -> None:
    planted(number)
    page = signed_in("administrator", reduced_motion="reduce")
    high, under = [], []

    for path in PATHS:
        for width, most in HIGHEST.items():
            page.set_viewport_size({"width": width, "height": 844})
            page.goto(path)
            if (height := height_of(page)) > most:
                high.append(f"{path} at {width}: {height} px")
            under += under_a_bar(page)

    assert high == []
    assert under == []


def test_the_preview_of_a_file_is_not_endless(signed_in, many: None) -> None:
    page = signed_in(viewport=DESK)
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
    page.get_by_role("button", name="Validate the file").click()
    page.get_by_text("Same in all 50 new accounts").wait_for()

    assert height_of(page) <= HIGHEST[1440]


def test_the_first_account_is_in_sight_on_a_phone(signed_in, many: None) -> None:
    page = signed_in(viewport=PHONE)
    page.goto("/accounts/")

    row = page.locator("tbody tr").first.bounding_box()

    assert row
    assert row["y"] < 400


@pytest.mark.parametrize(("size", "most"), [(DESK, 70), (PHONE, 150)])
def test_the_bar_of_the_selected_is_low_and_never_over_the_focus(
    signed_in, many: None, size: Any, most: int
) -> None:
    page = signed_in(viewport=size)
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
