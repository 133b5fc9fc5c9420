"""Accounts that left the organization, or that AWS suspended, are flagged."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import ManagedAccount, ManagingAccount, Member
from accounts.models.states import State
from tests.accounts.discover.organization.organizations import member_row
from tests.accounts.web.accounts.test_no_contradictions import VERDICT
from tests.rows import account_row

pytestmark = pytest.mark.django_db

LIST = "/accounts/?organization=inactive"


@pytest.fixture
def four() -> dict[str, ManagedAccount]:
    """Describe accounts that left, are suspended, are as they should be, and are of no
    organization.
    """
    rows = {}
    for number, name in enumerate(("left", "suspended", "fine", "alone"), 1):
        account_id = f"{number:012}"
        rows[name] = account_row(name, account_id=account_id)
        if name != "alone":
            state = "SUSPENDED" if name == "suspended" else "ACTIVE"
            member_row(account_id, name, state)
    Member.objects.filter(name="left").update(gone_at=timezone.now())
    return rows


def test_they_are_flagged_in_the_list_and_can_be_filtered(operator, four) -> None:
    everything = " ".join(operator.get("/accounts/").content.decode().split())
    found = operator.get(LIST).context["page"]

    assert everything.count("left the organization") == 1
    assert everything.count("not active in AWS") == 1
    assert [account.name for account in found] == ["left", "suspended"]
    assert not operator.get("/accounts/?organization=x").context["page"].object_list


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("left", "no longer belongs to the organization"),
        ("suspended", "AWS lists this account as suspended"),
        ("fine", ""),
        ("alone", ""),
    ],
)
def test_an_accounts_own_page_says_so_and_what_to_do(
    operator, four, name: str, sentence: str
) -> None:
    page = operator.get(four[name].get_absolute_url())
    html = " ".join(page.content.decode().split())

    assert sentence in html
    assert ("remove the account from AWS while" in html) == bool(sentence)


def test_the_overview_counts_them(operator, four) -> None:
    html = operator.get("/").content.decode()

    assert "2 accounts left the organization or were suspended by AWS." in html
    assert f'href="{LIST}"' in html

    four["left"].delete()
    assert "1 account left the organization or" in operator.get("/").content.decode()
    four["suspended"].delete()
    assert "left the organization, or" not in operator.get("/").content.decode()


def test_what_another_managing_account_read_flags_nothing(operator, four) -> None:
    ManagingAccount.objects.update(account_id="999999999999")

    assert not operator.get(LIST).context["page"].object_list


@pytest.mark.parametrize("name", ["left", "suspended", "fine", "alone"])
@pytest.mark.parametrize("state", [State.VERIFIED, State.EVALUATED, State.PLANNED])
@pytest.mark.parametrize("facts", [{}, {"undeployable": 1}, {"unknown_writes": 1}])
def test_no_page_says_that_spinnaker_has_access_where_it_may_not(
    operator, four, name: str, state: str, facts: dict[str, int]
) -> None:
    now = timezone.now()
    proved = {"verification": "verified", "verified_at": now, "granted_at": now}
    ManagedAccount.objects.update(state=state, **proved, **facts)

    html = operator.get(four[name].get_absolute_url()).content.decode()

    kind, headline = VERDICT.findall(html)[0]
    is_active = name in ("fine", "alone")
    assert is_active or "has access" not in headline
    assert is_active or "policies allow " not in headline
    assert is_active or kind != "good"
    if is_active and state == "verified":
        assert "Spinnaker has access" in headline
