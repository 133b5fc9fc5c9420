"""The wizard's step into the account: the role proposed, tested, and what it shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.models import ManagedAccount, ManagingAccount
from script.emulated_organization import ACCESS_ROLE, MEMBERS, UNTRUSTING
from tests.accounts.web.answers import again, looked, url, work
from tests.rows import account_row

pytestmark = pytest.mark.usefixtures("managing")

DEV = MEMBERS[0]


def test_the_role_of_the_last_account_is_proposed(operator) -> None:
    account_row("prod", account_id="944444444444", access_role="Admin")
    account = account_row(regions=[])

    response = operator.get(url(account, "access"))

    assert response.context["form"]["access_role"].value() == "Admin"


def test_organizations_own_role_is_proposed_first(operator) -> None:
    account = account_row(regions=[])

    response = operator.get(url(account, "access"))

    assert response.context["form"]["access_role"].value() == ACCESS_ROLE


def test_no_role_is_proposed_for_the_managing_account(operator) -> None:
    ManagingAccount.objects.update(account_id="922222222222")

    response = operator.get(url(account_row(regions=[]), "access"))

    assert response.context["form"]["access_role"].value() == ""


@pytest.mark.parametrize("step", ["identity", "access", "details"])
def test_a_stored_role_that_is_none_stops_no_step(operator, step: str) -> None:
    """A form refuses it: something else wrote it into the database."""
    account = account_row(access_role="no role!")

    assert operator.get(url(account, step)).status_code == 200


def test_access_is_saved_with_its_regions(operator) -> None:
    account = account_row(regions=[])

    response = operator.post(
        url(account, "access"),
        {"access_role": "Admin", "regions": ["us-east-1", "eu-west-1"]},
    )

    assert response["Location"] == url(account, "details")
    assert again(account).access_role == "Admin"
    assert again(account).regions == ["us-east-1", "eu-west-1"]
    assert not again(account).uses_external_id


def test_an_access_without_regions_is_not_saved(operator) -> None:
    account = account_row(regions=[])

    response = operator.post(url(account, "access"), {"access_role": "Admin"})

    assert "Choose at least one Region." in response.content.decode()
    assert again(account).access_role == ""


@pytest.mark.parametrize("others", [True, False])
def test_regions_are_proposed(operator, others: bool) -> None:
    if others:
        account_row("prod", account_id="944444444444", regions=["eu-west-1"])
    account = account_row(regions=[])

    response = operator.get(url(account, "access"))

    proposed = "eu-west-1" if others else "us-east-1"
    assert response.context["form"]["regions"].value() == proposed
    assert again(account).regions == []


def test_regions_are_looked_up_by_itself_where_none_is_saved(operator) -> None:
    new = operator.get(url(account_row(regions=[]), "access")).content.decode()
    known = operator.get(url(account_row("b", account_id="1" * 12), "access"))

    assert "Asking EC2 in us-east-1 which Regions are enabled" in new
    assert "Show the account's Regions" in known.content.decode()


def test_with_ecs_no_external_id_can_be_required(operator) -> None:
    account = account_row(providers={"ecs": {}}, uses_external_id=False)

    page = operator.get(url(account, "access"))
    operator.post(
        url(account, "access"), {"regions": "us-east-1", "uses_external_id": "on"}
    )

    assert "external_id" not in " ".join(page.context["form"].fields)
    assert "no external ID, new roles." in page.content.decode()
    assert not again(account).uses_external_id


def press_test(operator: Any, account: ManagedAccount, **request: Any) -> Any:
    """Press the button, let a worker answer, and look as the page does."""
    form = {"access_role": ACCESS_ROLE}
    pressed = operator.post(url(account, "test-access"), form, **request)
    work()
    return operator.get(pressed.context["asking"].url, **request)


def test_access_is_tested_and_nothing_is_saved(operator, aws) -> None:
    account = account_row(account_id=DEV.account_id)

    response = press_test(operator, account, headers={"HX-Request": "true"})

    html = response.content.decode()
    assert "Access works" in html
    assert "Create a role that trusts Bowline" not in html
    assert "data-copy=" not in html
    assert f'hx-get="{url(account, "access")}?look=1" hx-trigger="load"' in html
    assert "<html" not in html
    assert again(account).access_role == ""


def test_a_refused_access_says_who_could_not_assume_what(operator, aws) -> None:
    account = account_row(account_id=UNTRUSTING.account_id)

    response = press_test(operator, account, headers={"HX-Request": "true"})

    html = response.content.decode()
    assert "Access doesn't work" in html
    assert f"role/{ACCESS_ROLE}" in html
    assert "could not assume" in html
    assert "trust policy" in html
    assert "Create a role that trusts Bowline" in html
    trusts, assumes = (json.loads(p.text) for p in response.context["policies"])
    caller = response.context["report"].caller
    assert trusts["Principal"] == {"AWS": caller.principal}
    assert assumes["Resource"] == UNTRUSTING.arn(f"role/{ACCESS_ROLE}")
    assert html.count("data-copy=") == 2


def test_access_is_tested_without_javascript(operator, aws) -> None:
    account = account_row(account_id=DEV.account_id)

    response = press_test(operator, account)

    assert response.context["report"].works
    assert "<h1>" in response.content.decode()


def test_bowlines_own_credentials_are_blamed_first(operator) -> None:
    response = press_test(operator, account_row())

    assert response.context["report"].caller is None
    assert "own AWS credentials" in response.context["report"].sentence


def test_a_hostile_role_is_refused_before_aws_is_asked(operator) -> None:
    response = operator.post(
        url(account_row(), "test-access"), {"access_role": "$(id)"}
    )

    assert "“$(id)” isn't valid" in response.context["report"].sentence


def test_regions_are_asked_for_where_they_are_shown(operator, aws) -> None:
    account = account_row(account_id=DEV.account_id, access_role=ACCESS_ROLE)
    htmx = {"headers": {"HX-Request": "true"}}

    press_test(operator, account)
    work()
    query = {"look": "answer", "access_role": ACCESS_ROLE}
    tested = operator.get(url(account, "test-access"), query, **htmx)
    offered = looked(operator, url(account, "access"), **htmx)

    # What polls goes with the regions that it is replaced by.
    assert 'hx-target="#asking-regions"' in tested.content.decode()
    for page in (operator.get(url(account, "access")), offered):
        assert 'id="asking-regions"' in page.content.decode()


def test_a_test_keeps_what_is_filled_in_and_judges_nothing(operator) -> None:
    account = account_row()
    filled = {"access_role": "$(id)", "regions": "mars-1", "adopts": "on"}

    response = operator.post(url(account, "test-access"), filled)

    form = response.context["form"]
    assert form["regions"].value() == "mars-1"
    assert form["adopts"].value() is True
    assert not form.errors


def test_the_accounts_regions_are_offered(operator, aws) -> None:
    account = account_row(account_id=DEV.account_id, access_role=ACCESS_ROLE)

    response = looked(operator, url(account, "access"), {"regions": "us-east-1 mars-1"})

    assert ("us-east-1", True) in response.context["offered"]
    assert ("us-west-2", False) in response.context["offered"]
    assert response.context["others"] == "mars-1"


def test_regions_are_asked_for_with_the_role_in_the_form(operator, aws) -> None:
    account = account_row(account_id=DEV.account_id, regions=[])
    asked = {"regions": "us-east-1", "access_role": ACCESS_ROLE}

    response = looked(operator, url(account, "access"), asked)

    assert ("us-east-1", True) in response.context["offered"]
    assert again(account).access_role == ""


def test_a_proposed_region_that_the_account_does_not_have_is_dropped(
    operator, aws
) -> None:
    account = account_row(account_id=DEV.account_id, access_role=ACCESS_ROLE)
    asked = {"regions": "us-east-1 me-south-9", "proposed": "1"}

    response = looked(operator, url(account, "access"), asked)

    assert ("us-east-1", True) in response.context["offered"]
    assert response.context["others"] == ""


@pytest.mark.parametrize("role", ["", "$(id)"])
def test_regions_are_typed_where_the_account_cannot_be_read(
    operator, role: str
) -> None:
    asked = {"regions": "us-east-1", "access_role": role}

    response = looked(operator, url(account_row(), "access"), asked)

    html = response.content.decode()
    assert "or enter the Regions." in html
    assert 'name="regions" value="us-east-1"' in html
