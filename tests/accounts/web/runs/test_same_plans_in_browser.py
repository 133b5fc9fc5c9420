"""Identical plans in a real browser: axe, narrow screens, and no JavaScript."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.mapping.managed import assumed_roles, managed_of
from accounts.mapping.managing import managing_of
from accounts.mapping.plans import steps_of
from accounts.models import Run, Step
from accounts.models.states import Status
from onboarding.desired.managed import managed_side
from onboarding.desired.managing import managing_side
from onboarding.resources.plan import Plan, PlannedChange, diff
from tests.accounts.web.browsing import complaints
from tests.rows import account_row, managing_row, person, run_row

SAME = "5a" * 16
URL = f"/runs/same/{SAME}/"


@pytest.fixture
def plans(transactional_db: None) -> list[Run]:
    """Keep the plans of five accounts that differ in nothing but themselves."""
    person("approver")
    core = managing_of(managing_row())
    account_row("standing", account_id="9" * 12, granted_at=timezone.now())
    before = tuple(managing_side(core, assumed_roles(core)))
    runs = []
    for number in range(5):
        account = account_row(
            f"team-{number}-of-a-department-with-a-rather-long-name",
            account_id=f"{number:012}",
            environment="production",
            providers={"ec2": {"access": "power-user"}, "lambda": {}},
        )
        whole = managing_side(core, assumed_roles(core, [account]))
        managed = managed_of(account)
        changes = (
            *diff(tuple(whole), before),
            *diff(managed_side(core, managed), ()),
        )
        run = run_row(account=account, fingerprint=SAME)
        plan = Plan(tuple(PlannedChange.of(c, managed.name) for c in changes))
        Step.objects.bulk_create(steps_of(run, plan))
        runs.append(run)
    return runs


@pytest.mark.smoke
def test_the_button_says_how_many_are_ticked(signed_in, plans: list[Run]) -> None:
    page = signed_in("approver")
    told = complaints(page)
    page.goto("/runs/")
    page.get_by_role("link", name="Review and approve 5 plans").click()

    page.get_by_label(f"Select {plans[0].account_name}").uncheck()
    page.get_by_label("Comment (optional)").fill("As agreed.")
    page.get_by_role("button", name="Approve and apply 4").click()

    expect(page.get_by_text("4 plans are approved")).to_be_visible()
    assert Run.objects.get(status=Status.PLANNED) == plans[0]
    assert Run.objects.filter(approval_comment="As agreed.").count() == 4
    assert told == []


def test_the_button_is_in_sight_from_the_beginning(signed_in, plans: list[Run]) -> None:
    page = signed_in("approver", viewport={"width": 1440, "height": 900})

    page.goto(URL)

    expect(page.get_by_role("button", name="Approve and apply 5")).to_be_in_viewport()
    expect(page.get_by_label("Select all on this page")).not_to_be_in_viewport()


def test_they_are_approved_without_scripts(signed_in, plans: list[Run]) -> None:
    page = signed_in("approver", java_script_enabled=False)
    page.goto(plans[0].get_absolute_url())
    page.get_by_role("link", name="4 other plans are identical").click()

    page.get_by_label(f"Select {plans[1].account_name}").uncheck()
    page.get_by_role("button", name="Approve and apply", exact=True).click()

    expect(page.get_by_text("4 plans are approved")).to_be_visible()
    assert Step.objects.filter(run__status=Status.PLANNED).count() == (
        plans[1].steps.count()
    )
