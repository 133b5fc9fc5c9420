"""The step Access asks first who creates the roles."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.discover.access import reach_of, tested_access
from accounts.models import ManagingAccount
from onboarding.topology import READER_ROLE
from tests.accounts.web.answers import again, url
from tests.rows import account_row, question_row

pytestmark = pytest.mark.usefixtures("managing")

OWNER = {"made_by": "owner", "regions": ["us-east-1"], "access_role": "Admin"}


def test_bowline_creates_them_unless_somebody_says_otherwise(operator) -> None:
    account = account_row(regions=[])

    form = operator.get(url(account, "access")).context["form"]

    assert form["made_by"].value() == "bowline"
    assert form["reader_role"].value() is True


def test_an_owner_has_no_access_role_but_a_reader_role(operator) -> None:
    account = account_row(regions=[])

    response = operator.post(url(account, "access"), {**OWNER, "reader_role": "on"})

    assert response["Location"] == url(account, "details")
    saved = again(account)
    assert (saved.made_by, saved.access_role) == ("owner", "")
    assert saved.reader_role == READER_ROLE
    described = f"{saved.get_absolute_url()}?tab=settings"
    html = operator.get(described).content.decode()
    assert reverse("accounts:hand-off", args=[saved.pk]) in html


def test_without_the_reader_role_the_page_says_what_is_not_read(operator) -> None:
    account = account_row(regions=[])

    operator.post(url(account, "access"), OWNER)

    assert again(account).reader_role == ""
    form = operator.get(url(account, "access")).context["form"]
    assert not form["reader_role"].value()
    described = f"{account.get_absolute_url()}?tab=settings"
    html = operator.get(described).content.decode()
    assert "Bowline tests the role chain" in html


def test_the_access_role_is_proposed_again_when_bowline_is_to_create_them(
    operator,
) -> None:
    account = account_row(made_by="owner")

    form = operator.get(url(account, "access")).context["form"]

    assert form["access_role"].value() == "OrganizationAccountAccessRole"


@pytest.mark.parametrize("worked", [False, True])
def test_an_empty_access_role_is_for_bowlines_own_account_only(
    operator, worked: bool
) -> None:
    account = account_row(made_by="owner", regions=["us-east-1"])
    if worked:
        report = {"caller": None, "role_arn": "", "works": True, "sentence": "Said."}
        tested = tested_access.at("aws", reach_of(account, ""))
        question_row(tested, answer=report, answered_at=timezone.now())

    answers = {"made_by": "bowline", "regions": "us-east-1", "access_role": ""}
    response = operator.post(url(account, "access"), answers)

    refused = "test the access without one" in response.content.decode()
    assert refused is not worked
    assert again(account).made_by == ("bowline" if worked else "owner")


def test_it_stays_as_it_is_while_the_roles_exist(operator) -> None:
    account = account_row(granted_at=timezone.now(), access_role="Admin")

    operator.post(url(account, "access"), OWNER)

    assert again(account).made_by == "bowline"
    assert again(account).access_role == "Admin"


def test_the_organization_derives_each_external_id(operator) -> None:
    account = account_row(regions=[])

    answers = {**OWNER, "made_by": "organization", "uses_external_id": "on"}
    operator.post(url(account, "access"), answers)

    saved = again(account)
    prefix = ManagingAccount.objects.get().external_id_prefix
    assert saved.made_by == "organization"
    assert saved.spinnakers_external_id == f"{prefix}-{account.account_id}"
    described = f"{saved.get_absolute_url()}?tab=settings"
    html = operator.get(described).content.decode()
    assert saved.spinnakers_external_id in html
    operator.post(url(account, "access"), {**answers, "made_by": "owner"})
    assert again(account).spinnakers_external_id == str(account.external_id)


def test_a_prefix_that_was_handed_out_stays(operator) -> None:
    account = account_row(
        made_by="organization",
        external_id_prefix="bow-7f3a",
        granted_at=timezone.now(),
    )

    operator.post(url(account, "access"), {**OWNER, "uses_external_id": "on"})

    assert again(account).external_id_prefix == "bow-7f3a"
