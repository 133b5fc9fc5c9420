"""The page of the organization's accounts: asked once, filtered, ticked, described."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db.models.functions import Now

from accounts import organization
from accounts.lookups import ORGANIZATION_KEPT
from accounts.models import Lookup, ManagedAccount, ManagingAccount, Run
from accounts.models.states import State
from accounts.organization import MOST_AT_ONCE
from onboarding.aws.discover import MemberAccount, Members
from onboarding.aws.errors import AwsError
from script.emulated_members import CLOSED, ENTRIES, ORGANIZATION
from script.emulated_organization import MANAGING, MEMBERS
from tests.accounts.web.answers import looked, told, work
from tests.rows import account_row, managing_row, person

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
DEV, STAGING = MEMBERS[0], MEMBERS[1]
QUERIES = 12
"""Session, person, two of permissions, trouble, managing account, what AWS answered,
the last account that was described, all that are, names of accounts, names in
Spinnaker, environments."""


@pytest.fixture
def operator(client):
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)
    client.force_login(person("operator"))
    return client


def answer(monkeypatch: pytest.MonkeyPatch, *members: MemberAccount) -> list[str]:
    """Let Organizations answer this, and note each time that it is asked."""
    asked = []

    def ask(*_: Any) -> Members:
        asked.append("")
        return Members(members)

    monkeypatch.setattr(organization, "organization_accounts", ask)
    monkeypatch.setattr(organization, "organization_id", lambda *_: "o-a1b2c3d4e5")
    return asked


def member(number: int, name: str = "", state: str = "ACTIVE") -> MemberAccount:
    return MemberAccount(f"{number:012}", name or f"m{number}", "m@example.com", state)


def shown(response: Any) -> list[str]:
    return [one.member.name for one in response.context["page"]]


def post(operator: Any, *account_ids: str, url: str = URL, **fields: Any) -> Any:
    """Send the form of a page that lists the accounts."""
    looked(operator, URL)
    return operator.post(url, {**SHARED, "account": account_ids, **fields})


def test_the_managing_account_comes_first(client) -> None:
    client.force_login(person("operator"))

    response = client.get(URL)

    assert response["Location"] == "/managing/"
    assert "Set up the managing account first" in told(response)


def test_organizations_is_asked_while_the_page_stands(operator) -> None:
    page = operator.get(f"{URL}?text=dev").content.decode()

    assert "Asking Organizations in us-east-1…" in page
    assert f'hx-get="{URL}?text=dev&amp;look=1" hx-trigger="load"' in page


def test_every_account_is_listed_with_what_is_known_of_it(operator, aws) -> None:
    account_row("dev", account_id=DEV.account_id)

    response = looked(operator, URL, headers={"HX-Request": "true"})

    html = response.content.decode()
    assert "<html" not in html
    assert set(shown(response)) == {entry.name for entry in ENTRIES}
    assert ORGANIZATION in html
    boxes = set(re.findall(r'name="account" value="(\d+)"', html))
    free = {entry.account_id for entry in ENTRIES} - {DEV.account_id, CLOSED.account_id}
    assert boxes == free
    assert "suspended" in html
    assert "(managing account)" in html
    assert ManagedAccount.objects.get().get_absolute_url() in html


def test_the_answer_is_kept_until_it_is_asked_for_again(
    operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answer(monkeypatch, member(1))

    looked(operator, URL)
    again = operator.get(f"{URL}?text=m")
    assert len(asked) == 1
    assert shown(again) == ["m1"]

    forgotten = operator.get(f"{URL}?text=m&look=again")
    assert forgotten["Location"] == f"{URL}?text=m"
    work()
    assert len(asked) == 2
    assert shown(operator.get(f"{URL}?text=m")) == ["m1"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Data Lake", "web", "Ωmega"]),
        ("text=LAKE", ["Data Lake"]),
        ("text=data-lake", ["Data Lake"]),
        ("text=0000-0000-0002", ["web"]),
        ("text=example.com", ["Data Lake", "web", "Ωmega"]),
        ("text=-", ["Data Lake"]),
        ("known=no", ["Data Lake", "Ωmega"]),
        ("known=yes", ["web"]),
        ("known=yes&text=lake", []),
    ],
)
def test_the_url_says_what_is_shown(
    operator, monkeypatch: pytest.MonkeyPatch, query: str, found: list[str]
) -> None:
    answer(monkeypatch, member(1, "Data Lake"), member(2, "web"), member(3, "Ωmega"))
    account_row("web", account_id="000000000002")

    looked(operator, URL)

    assert shown(operator.get(f"{URL}?{query}")) == found


@pytest.mark.parametrize("count", [3, 3000])
def test_it_is_as_quick_for_many(
    operator,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: Any,
    count: int,
) -> None:
    answer(monkeypatch, *(member(number) for number in range(count)))
    ManagedAccount.objects.bulk_create(
        ManagedAccount(name=f"a{n}", account_id=f"{n:012}") for n in range(count // 2)
    )
    looked(operator, URL)

    with django_assert_num_queries(QUERIES):
        response = operator.get(URL)

    assert len(shown(response)) == min(count, 50)


def test_where_it_may_not_be_asked_the_page_says_what_to_allow(
    operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Members(sentence="AWS refused it.", hint="Allow it to bowline.")
    monkeypatch.setattr(organization, "organization_accounts", lambda *_: refused)
    monkeypatch.setattr(organization, "organization_id", lambda *_: None)

    html = looked(operator, URL).content.decode()

    assert "AWS refused it. Allow it to bowline." in html
    assert "organizations:ListAccounts" in html
    assert 'href="/accounts/new/"' in html


def test_where_aws_cannot_be_reached_the_page_says_so(operator) -> None:
    html = looked(operator, URL).content.decode()

    assert "Bowline could not list the accounts" in html
    assert "credentials" in html


def test_ticked_accounts_become_drafts_that_can_be_planned(operator, aws) -> None:
    response = post(operator, DEV.account_id, STAGING.account_id)

    listed = operator.get(response["Location"])
    assert [a.name for a in listed.context["page"]] == [DEV.name, STAGING.name]
    assert "2 accounts are described." in told(response)
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
        held = account.providers.values_list("key", "described")
        assert list(held) == [("ec2", True), ("lambda", True)]

    pks = [str(account.pk) for account in listed.context["page"]]
    operator.post("/accounts/plan/", {"account": pks})
    assert Run.objects.exclude(account=None).count() == 2


def test_all_that_match_are_described_on_every_page(
    operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [member(number, f"web {number}") for number in range(60)]
    answer(monkeypatch, *many, member(99, "data"), member(98, "web old", "SUSPENDED"))
    offered = looked(operator, URL, {"text": "web"}).content.decode()

    response = post(operator, url=f"{URL}?text=web", everything="on")

    assert "All 60 that match and can be, on every page" in offered
    assert "60 accounts are described." in told(response)
    assert ManagedAccount.objects.count() == 60


def test_more_than_can_be_waited_for_are_described_in_parts(
    operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.web.organization.views.MOST_AT_ONCE", 3)
    answer(monkeypatch, *(member(number, f"web {number:02}") for number in range(60)))
    offered = looked(operator, URL).content.decode()

    response = post(operator, everything="on")

    assert "The first 3 of 60 that match" in offered
    assert "3 accounts are described." in told(response)
    assert set(ManagedAccount.objects.values_list("name", flat=True)) == {
        *("web-00", "web-01", "web-02")
    }


def test_whatever_cannot_be_described_is_told_and_nothing_is_lost(
    operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, member(1), member(2), member(3, "old", "SUSPENDED"), member(4))
    account_row("web", account_id="000000000002")
    hostile = "<b>1</b>"

    response = post(
        operator, *(f"{n:012}" for n in (1, 2, 3)), hostile, environment="blue"
    )

    html = response.content.decode()
    assert "m2 (000000000002) is already in Bowline, as “web”." in html
    assert "old (000000000003) is not active in the organization" in html
    assert "“&lt;b&gt;1&lt;/b&gt;” is not an account of the organization." in html
    assert hostile not in html
    assert ManagedAccount.objects.count() == 1
    assert response.context["form"]["environment"].value() == "blue"
    assert re.findall(r'value="(\d{12})"[^>]+ checked', html) == ["000000000001"]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"regions": "mars-1"}, "mars-1"),
        ({"access_role": ""}, "Fill in this field."),
        ({"providers": []}, "Choose at least one provider."),
        ({"providers": ["eks"]}, "eks"),
        ({"providers": ["ecs"]}, "ECS cannot be combined with an external ID"),
    ],
)
def test_what_they_share_is_checked_and_the_ticks_stay(
    operator, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], error: str
) -> None:
    answer(monkeypatch, member(1), member(2))

    response = post(operator, "000000000002", **fields)

    html = response.content.decode()
    assert error in str(response.context["form"].errors)
    assert re.findall(r'value="(\d{12})"[^>]+ checked', html) == ["000000000002"]
    assert not ManagedAccount.objects.exists()


@pytest.mark.parametrize(
    ("ticked", "sentence"),
    [(0, "Select accounts first."), (MOST_AT_ONCE + 1, f"At most {MOST_AT_ONCE}")],
)
def test_none_and_too_many_are_refused(
    operator, monkeypatch: pytest.MonkeyPatch, ticked: int, sentence: str
) -> None:
    answer(monkeypatch, member(1))

    response = post(operator, *(f"{number:012}" for number in range(ticked)))

    assert sentence in response.content.decode()
    assert not ManagedAccount.objects.exists()


def test_what_was_filled_in_outlives_an_aws_that_does_not_answer(
    operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*_: Any) -> Members:
        raise AwsError("1", "organizations:ListAccounts", "Too busy.", "Try again.")

    monkeypatch.setattr(organization, "organization_accounts", ask)

    response = post(operator, "000000000001", "<b>", everything="on")

    html = response.content.decode()
    assert "Too busy. Try again." in html
    assert 'type="hidden" name="account" value="000000000001"' in html
    assert 'type="hidden" name="everything"' in html
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert response.context["form"]["environment"].value() == "staging"


def test_a_form_that_is_sent_late_is_kept_while_aws_is_asked_again(
    operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, member(1))
    looked(operator, URL)
    Lookup.objects.update(answered_at=Now() - 2 * ORGANIZATION_KEPT)
    form = {**SHARED, "account": "000000000001"}

    late = operator.post(URL, form)
    work()
    in_time = operator.post(URL, form)

    html = late.content.decode()
    assert "The last answer is too old" in html
    assert 'type="hidden" name="account" value="000000000001"' in html
    assert "1 account is described." in told(in_time)


def test_a_kept_answer_is_the_managing_accounts_own(
    operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, member(1))
    looked(operator, URL)
    ManagingAccount.objects.update(account_id="999999999999")

    assert operator.get(URL).context["asking"].is_first
