"""The acting pages in a real browser, with JavaScript and without."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import ManagedAccount, Run, Step
from accounts.models.states import State, Status
from accounts.web.wizard.steps import STEPS
from script.emulated_organization import ACCESS_ROLE, MANAGING, MEMBERS, Credentials
from tests.accounts.web.browsing import complaints
from tests.rows import account_row, managing_row, person

DEV = MEMBERS[0]
LONG = {"Sid": "A", "Effect": "Allow", "Action": [f"ec2:A{n}" for n in range(20)]}


def run_row(account: ManagedAccount, status: str, **fields: Any) -> Run:
    run = Run.objects.create(
        account=account, account_name=account.name, status=status, **fields
    )
    documents = [{"document": {"Statement": [s]}} for s in (LONG, {**LONG, "Sid": "B"})]
    for position, (verb, before, after) in enumerate(
        [("create", None, documents[0]), ("update", *documents)]
    ):
        Step.objects.create(
            run=run,
            position=position,
            account_id=account.account_id,
            account_name=account.name,
            verb=verb,
            kind="policy",
            name="BowlineEC2Write",
            reason="What Spinnaker changes when it deploys with EC2.",
            before=before,
            after=after,
        )
    return run


@pytest.fixture
def paths(transactional_db: None) -> list[str]:
    """Make an account with all providers, and runs in the states that differ."""
    person("administrator", is_superuser=True)
    managing_row()
    clusters = [{"name": "apps", "region": "us-east-1"}]
    providers = {"ec2": {}, "ecs": {}, "eks": {"clusters": clusters}, "lambda": {}}
    account = account_row(providers=providers, uses_external_id=False)
    other = account_row("other", account_id="1" * 12, state=State.FAILED)
    error = {"message": "AWS refused it.", "hint": "Allow it.", "account": "1" * 12}
    now = timezone.now()
    runs = [
        run_row(account, Status.PLANNED),
        run_row(other, Status.APPLYING, approved_at=now),
        run_row(other, Status.FAILED, approved_at=now, error=error),
        run_row(other, Status.VERIFIED, approved_at=now),
    ]
    steps = [f"/accounts/{account.pk}/{step.slug}/" for step in STEPS]
    details = [f"{steps[3]}?provider={key}&look=no" for key in providers]
    own = ["/managing/", "/managing/?switch=1", "/accounts/new/", "/runs/"]
    return [*own, *steps, *details, *(run.get_absolute_url() for run in runs)]


@pytest.fixture
def here(transactional_db: None, aws: Credentials, prompt_worker: None) -> None:
    person("administrator", is_superuser=True)
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)


@pytest.mark.smoke
def test_no_page_breaks_the_policy_or_throws(signed_in, paths: list[str]) -> None:
    page = signed_in("administrator")
    told = complaints(page)

    for path in paths:
        page.goto(path)

    assert told == []


@pytest.mark.smoke
def test_only_the_fields_of_the_chosen_identity_are_shown(
    signed_in, transactional_db: None
) -> None:
    person("administrator", is_superuser=True)
    page = signed_in("administrator")
    page.goto("/managing/")

    expect(page.get_by_label("EKS cluster")).to_be_hidden()

    page.get_by_label("A new role for pods in EKS").check()
    expect(page.get_by_label("EKS cluster")).to_be_visible()

    page.get_by_label("An existing role or user").check()
    expect(page.get_by_label("EKS cluster")).to_be_hidden()
    expect(page.get_by_label("ARN of the role or user")).to_be_visible()


def test_an_account_is_described_without_javascript(signed_in, here: None) -> None:
    page = signed_in("administrator", java_script_enabled=False)

    page.goto("/accounts/new/")
    page.get_by_label("Name in Spinnaker").fill(DEV.name)
    page.get_by_label("AWS account ID").fill(DEV.account_id)
    save = page.get_by_role("button", name="Save and continue")
    save.click()
    page.get_by_role("checkbox", name="EC2").check()
    save.click()
    page.get_by_label("Access role").fill(ACCESS_ROLE)
    page.get_by_role("button", name="Test access").click()
    expect(page.get_by_text("Access works")).to_be_visible()
    page.get_by_label("Regions").fill("us-east-1")
    save.click()
    page.get_by_role("link", name="Find existing resources in the account").click()
    save.click()

    expect(page.get_by_text("Ready to plan")).to_be_visible()
    assert ManagedAccount.objects.get().access_role == ACCESS_ROLE


def test_the_organization_that_aws_names_comes_into_the_form(
    signed_in, here: None
) -> None:
    page = signed_in("administrator")

    page.goto("/managing/")
    page.get_by_role("link", name="Change to the whole organization").click()

    expect(page.get_by_text("According to AWS, ")).to_be_visible()
    expect(page.get_by_label("Organization ID")).to_have_value(re.compile("^o-"))
    expect(page.get_by_label("Every account of an AWS organization")).to_be_checked()
