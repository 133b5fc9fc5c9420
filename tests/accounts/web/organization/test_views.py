"""The page of the organization's accounts: filtered, selected, described."""

from __future__ import annotations

import re
from typing import Any

import pytest

from accounts.models import ManagedAccount, ManagingAccount, Member, Organization, Run
from accounts.models.states import State
from onboarding.topology import READER_ROLE
from script.emulated_organization import MANAGING
from tests.accounts.discover.organization.organizations import CORE, member_row
from tests.accounts.web.answers import messages_of
from tests.rows import account_row, person

pytestmark = pytest.mark.django_db

URL = "/accounts/organization/"
SHARED = {
    "regions": "us-east-1",
    "environment": "staging",
    "access_role": "OrganizationAccountAccessRole",
    "providers": ["ec2", "lambda"],
    "uses_external_id": "on",
    "read_roles": "developers",
    "write_roles": "operators",
}


def member(number: int, name: str = "", state: str = "ACTIVE") -> Member:
    return member_row(f"{number:012}", name or f"m{number}", state)


def post(operator: Any, *account_ids: str, url: str = URL, **fields: Any) -> Any:
    return operator.post(url, {**SHARED, "account": account_ids, **fields})


def test_the_managing_account_comes_first(client) -> None:
    client.force_login(person("operator"))

    response = client.get(URL)

    assert response["Location"] == "/managing/"
    assert "Set up the managing account first" in messages_of(response)


def test_every_account_is_listed_with_what_is_known_of_it(operator) -> None:
    row = account_row("dev", account_id="000000000002")
    member(1, "<b>One</b>‮")
    member(2)
    member(3, "old", "SUSPENDED")
    member_row(CORE.account_id, "Core")

    html = operator.get(URL).content.decode()

    assert "o-a1b2c3d4e5" in html
    boxes = set(re.findall(r'name="account" value="(\d+)"', html))
    assert boxes == {"000000000001", CORE.account_id}
    assert "suspended" in html
    row_of_core = html.split(f'id="row-{CORE.account_id}"')[1].split("</tr>")[0]
    assert '<span class="soft">managing account</span>' in row_of_core
    assert "not in Bowline" not in row_of_core
    assert "Name in Spinnaker" in html
    assert row.get_absolute_url() in html
    assert "&lt;b&gt;One&lt;/b&gt;‹U+202E›" in html


def test_the_managing_accounts_own_organization_is_shown(operator) -> None:
    member(1)
    ManagingAccount.objects.update(account_id=MANAGING.account_id)

    assert "The organization hasn't been read yet" in operator.get(URL).content.decode()


def test_ticked_accounts_become_drafts_that_can_be_planned(operator) -> None:
    member(1, "dev")
    member(2, "staging")

    response = post(operator, "000000000001", "000000000002")

    listed = operator.get(response["Location"])
    assert [a.name for a in listed.context["page"]] == ["dev", "staging"]
    assert "2 accounts are added." in messages_of(response)
    for account in ManagedAccount.objects.all():
        assert account.state == State.DRAFT
        assert account.regions == ["us-east-1"]
        assert account.environment == "staging"
        assert account.access_role == "OrganizationAccountAccessRole"
        assert account.uses_external_id
        assert (account.read_roles, account.write_roles) == (
            ["developers"],
            ["operators"],
        )
        assert account.created_by.username == "operator"
        held = account.providers.values_list("key", "has_details")
        assert list(held) == [("ec2", True), ("lambda", True)]

    pks = [str(account.pk) for account in listed.context["page"]]
    operator.post("/accounts/plan/", {"account": pks})
    assert Run.objects.exclude(account=None).count() == 2


def test_all_that_match_are_described_on_every_page(operator) -> None:
    for number in range(60):
        member(number, f"web {number}")
    member(99, "data")
    member(98, "web old", "SUSPENDED")
    offered = operator.get(URL, {"text": "web"}).content.decode()

    response = post(operator, url=f"{URL}?text=web", everything="on")

    assert "All 60 that match and can be, on every page" in offered
    assert "60 accounts are added." in messages_of(response)
    assert ManagedAccount.objects.count() == 60


def test_more_than_can_be_waited_for_are_described_in_parts(
    operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.web.organization.views.MOST_AT_ONCE", 3)
    for number in range(60):
        member(number, f"web {number:02}")
    offered = operator.get(URL).content.decode()

    response = post(operator, everything="on")

    assert "The first 3 of 60 that match" in offered
    assert "3 accounts are added." in messages_of(response)
    assert set(ManagedAccount.objects.values_list("name", flat=True)) == {
        *("web-00", "web-01", "web-02")
    }


def test_whatever_cannot_be_described_is_told_and_nothing_is_lost(operator) -> None:
    for number, name, state in ((1, "", ""), (2, "", ""), (3, "old", "SUSPENDED")):
        member(number, name, state or "ACTIVE")
    account_row("web", account_id="000000000002")
    hostile = "<b>1</b>"

    response = post(
        operator, *(f"{n:012}" for n in (1, 2, 3)), hostile, environment="blue"
    )

    html = response.content.decode()
    assert "m2 (000000000002) is already in Bowline, as “web”." in html
    assert "old (000000000003) isn&#x27;t active in the organization" in html
    assert "“&lt;b&gt;1&lt;/b&gt;” isn&#x27;t an account of the organization." in html
    assert hostile not in html
    assert ManagedAccount.objects.count() == 1
    assert response.context["form"]["environment"].value() == "blue"
    assert re.findall(r'value="(\d{12})"[^>]+ checked', html) == ["000000000001"]


@pytest.mark.parametrize("maker", ["owner", "organization"])
def test_whoever_else_creates_the_roles_needs_no_access_role(
    operator, maker: str
) -> None:
    ManagingAccount.objects.update(external_id_prefix="bow-7f3a")
    member(1, "dev")
    own = member_row(CORE.account_id, CORE.name)

    post(operator, "000000000001", own.account_id, made_by=maker)

    prefix = "bow-7f3a" if maker == "organization" else ""
    for account in ManagedAccount.objects.all():
        assert account.made_by == maker
        assert account.reader_role == READER_ROLE
        assert account.access_role == ""
        assert account.external_id_prefix == prefix
    assert ManagedAccount.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"made_by": "nobody"}, "nobody"),
        ({"regions": "mars-1"}, "mars-1"),
        ({"access_role": ""}, "This field is required."),
        ({"providers": []}, "Choose at least one provider."),
        ({"providers": ["eks"]}, "eks"),
        ({"providers": ["ecs"]}, "ECS can&#x27;t be combined with an external ID"),
    ],
)
def test_what_they_share_is_checked_and_the_ticks_stay(
    operator, fields: dict[str, Any], error: str
) -> None:
    member(1)
    member(2)

    response = post(operator, "000000000002", **fields)

    html = response.content.decode()
    assert error in str(response.context["form"].errors)
    assert re.findall(r'value="(\d{12})"[^>]+ checked', html) == ["000000000002"]
    assert not ManagedAccount.objects.exists()


def test_none_is_refused(operator) -> None:
    member(1)

    response = post(operator)

    assert "Select accounts first." in response.content.decode()
    assert not ManagedAccount.objects.exists()


def test_nothing_is_described_before_the_organization_was_read(operator) -> None:
    member(1)
    Organization.objects.update(read_at=None)

    post(operator, "000000000001")

    assert not ManagedAccount.objects.exists()
