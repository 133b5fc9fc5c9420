"""The wizard's step into the account: the role proposed, tested, and what it shows."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import ManagedAccount
from script.emulated_organization import ACCESS_ROLE, MEMBERS, UNTRUSTING
from tests.accounts.web.answers import again, looked, url, work
from tests.rows import account_row, managing_row

pytestmark = pytest.mark.django_db

DEV = MEMBERS[0]


def test_the_role_of_the_last_account_is_proposed(operator) -> None:
    managing_row()
    account_row("prod", account_id="944444444444", access_role="Admin")
    account = account_row(providers={})

    response = operator.get(url(account, "access"))

    assert response.context["form"]["access_role"].value() == "Admin"


def test_organizations_own_role_is_proposed_first(operator) -> None:
    managing_row()
    account = account_row(providers={})

    response = operator.get(url(account, "access"))

    assert response.context["form"]["access_role"].value() == ACCESS_ROLE


def test_no_role_is_proposed_for_the_managing_account(operator) -> None:
    managing_row(account_id="922222222222")

    response = operator.get(url(account_row(providers={}), "access"))

    assert response.context["form"]["access_role"].value() == ""


def test_access_is_saved(operator) -> None:
    managing_row()
    account = account_row(providers={})

    response = operator.post(url(account, "access"), {"access_role": "Admin"})

    assert response["Location"] == url(account, "providers")
    assert again(account).access_role == "Admin"
    assert not again(account).uses_external_id


def press_test(operator: Any, account: ManagedAccount, **request: Any) -> Any:
    """Press the button, let a worker answer, and look as the page does."""
    form = {"access_role": ACCESS_ROLE}
    pressed = operator.post(url(account, "test-access"), form, **request)
    work()
    return operator.get(pressed.context["asking"].url, **request)


def test_access_is_tested_and_nothing_is_saved(operator, aws) -> None:
    managing_row()
    account = account_row(account_id=DEV.account_id)

    response = press_test(operator, account, headers={"HX-Request": "true"})

    html = response.content.decode()
    assert "Access works" in html
    assert "Make a role that trusts Bowline" not in html
    assert "<html" not in html
    assert again(account).access_role == ""


def test_a_refused_access_says_who_could_not_assume_what(operator, aws) -> None:
    managing_row()
    account = account_row(account_id=UNTRUSTING.account_id)

    response = press_test(operator, account, headers={"HX-Request": "true"})

    html = response.content.decode()
    assert "Access does not work" in html
    assert f"role/{ACCESS_ROLE}" in html
    assert "could not assume" in html
    assert "trust policy" in html
    assert "Make a role that trusts Bowline" in html


def test_access_is_tested_without_javascript(operator, aws) -> None:
    managing_row()
    account = account_row(account_id=DEV.account_id)

    response = press_test(operator, account)

    assert response.context["report"].works
    assert "<h1>" in response.content.decode()


def test_bowlines_own_credentials_are_blamed_first(operator) -> None:
    managing_row()

    response = press_test(operator, account_row())

    assert response.context["report"].caller is None
    assert "own AWS credentials" in response.context["report"].sentence


def test_a_hostile_role_is_refused_before_aws_is_asked(operator) -> None:
    managing_row()

    response = operator.post(
        url(account_row(), "test-access"), {"access_role": "$(id)"}
    )

    assert "“$(id)” cannot be used" in response.context["report"].sentence


def test_the_accounts_regions_are_offered(operator, aws) -> None:
    managing_row()
    account = account_row(account_id=DEV.account_id, access_role=ACCESS_ROLE)

    response = looked(
        operator, url(account, "identity"), {"regions": "us-east-1 mars-1"}
    )

    assert ("us-east-1", True) in response.context["offered"]
    assert ("us-west-2", False) in response.context["offered"]
    assert response.context["others"] == "mars-1"


def test_regions_are_typed_where_the_account_cannot_be_read(operator) -> None:
    managing_row()

    response = looked(
        operator, url(account_row(), "identity"), {"regions": "us-east-1"}
    )

    html = response.content.decode()
    assert "Type the regions instead" in html
    assert 'name="regions"' in html
