"""The acting pages in a real browser, with JavaScript and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from accounts.models import ManagedAccount
from script.emulated_organization import ACCESS_ROLE, MANAGING, MEMBERS, Credentials
from tests.rows import managing_row, person

DEV = MEMBERS[0]


@pytest.fixture
def here(transactional_db: None, aws: Credentials, prompt_worker: None) -> None:
    person("administrator", is_superuser=True)
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)


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
