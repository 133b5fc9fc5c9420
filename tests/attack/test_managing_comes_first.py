"""Tried: change the managing account, which all environments share, by the plan of one
account: as it is created, after an edit, and after somebody changed AWS.

Refused: an account's plan holds its own line of what Spinnaker may assume, and nothing
else there; it waits until the managing account's own plan was approved and applied.
"""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import ManagingAccount, Run
from accounts.models.states import Status
from accounts.runs.actions import approve, plan, plan_managing, remove
from accounts.runs.deciding.approving import ManagingFirst
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.runs.carried import (
    STAGING,
    carried,
    done,
    member,
    onboarded,
    planned,
    root,
)
from tests.accounts.runs.conftest import here, unadopted  # noqa: F401  # fixtures
from tests.accounts.web.answers import messages_of, read
from tests.rows import edit_managing, person

pytestmark = pytest.mark.django_db(transaction=True)

LIST = ["BowlineAssumeManaged", "SpinnakerAuthRole/BowlineAssumeManaged"]


def in_managing(run: Run) -> list[str]:
    steps = run.steps.filter(account_id=MANAGING.account_id)
    return sorted(steps.values_list("name", flat=True))


def test_the_first_account_waits_for_the_managing_accounts_own_plan(
    here: Credentials,  # noqa: F811
) -> None:
    """One flow of two plans: each page leads to the next step."""
    planner, approver = person("operator"), person("approver")
    run = carried(plan(member(), planner))
    managing = Run.objects.get(kind=Run.Kind.MANAGING)
    browser = Client()
    browser.force_login(approver)

    page = browser.get(run.get_absolute_url()).content.decode()
    answer = browser.post(f"{run.get_absolute_url()}approve/", read(run))

    assert managing.created_by == planner
    assert in_managing(run) == LIST
    assert "The managing account comes first" in page
    assert f"Its plan, {managing.title}, must be approved first." in page
    assert f'href="{managing.get_absolute_url()}">Open {managing.title}<' in page
    assert "Approve and" not in page
    assert "has changes that this plan doesn't include" in messages_of(answer)
    for reader in (person("viewer"), planner, approver):
        browser.force_login(reader)
        page = browser.get(run.get_absolute_url()).content.decode()
        assert f'href="{managing.get_absolute_url()}">Go to the managing ' in page, (
            reader
        )
    assert carried(run).status == Status.PLANNED

    managing = done(carried(managing))
    assert managing.status == Status.VERIFIED, managing.error
    assert in_managing(managing)
    page = browser.get(managing.get_absolute_url()).content.decode()
    assert f'href="{run.get_absolute_url()}">Continue with {run.account_name}' in page
    assert "Approve and" in browser.get(run.get_absolute_url()).content.decode()
    assert done(run).status == Status.VERIFIED


def test_a_plan_of_the_managing_account_that_waits_is_not_made_again(
    here: Credentials,  # noqa: F811
) -> None:
    waiting = carried(plan_managing(None))

    carried(plan(member(), None))

    assert Run.objects.get(kind=Run.Kind.MANAGING) == waiting
    assert Run.objects.get(kind=Run.Kind.MANAGING).status == Status.PLANNED


def test_an_edit_of_the_managing_account_is_in_no_accounts_plan(
    here: Credentials,  # noqa: F811
) -> None:
    onboarded(member())
    edit_managing(bakes=True)

    run = planned(member(STAGING))

    assert in_managing(run) == LIST[:1]
    with pytest.raises(
        ManagingFirst, match="has changes that this plan doesn't include"
    ):
        approve(run, None)
    assert done(run).status == Status.VERIFIED


def test_a_plan_that_would_change_nothing_else_is_none(
    here: Credentials,  # noqa: F811
) -> None:
    account = onboarded(member()).account
    edit_managing(bakes=True)

    run = planned(account)

    assert run.status == Status.OUTDATED
    assert "has changes. Plan it first." in run.error["message"]
    assert ManagingAccount.objects.get().applied[-1]["bakes"] is False


def test_what_somebody_changed_in_aws_comes_back_by_its_own_plan(
    here: Credentials,  # noqa: F811
) -> None:
    account = onboarded(member()).account
    iam = root(here, MANAGING, "iam")
    arn = f"arn:aws:iam::{MANAGING.account_id}:policy/bowline/managing/"
    iam.detach_role_policy(
        RoleName="SpinnakerAuthRole", PolicyArn=f"{arn}BowlineRegionLookup"
    )

    removal = carried(remove(account, None))

    assert in_managing(removal) == LIST
    with pytest.raises(ManagingFirst):
        approve(removal, None)
