"""A rollout whose accounts fill the list of Spinnaker's identity says so, with a link
to the form that lists the organization instead.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ManagedAccount, Rollout
from tests.rows import account_row, managing_row

pytestmark = pytest.mark.django_db

SWITCH = '<a href="/managing/?switch=1#switch">Change to the whole organization</a>'


def plan(client: Any, *accounts: ManagedAccount) -> str:
    """Plan the accounts from the list, and return the page that it leads to."""
    sent = {"account": [account.pk for account in accounts]}
    return client.post("/accounts/plan/", sent, follow=True).content.decode()


def accounts(count: int, **fields: Any) -> list[ManagedAccount]:
    taken = ManagedAccount.objects.count()
    return [
        account_row(f"a{n}", account_id=f"{n:012}", **fields)
        for n in range(taken, taken + count)
    ]


def test_one_that_does_not_fit_is_not_started(operator, room_for_two, managing) -> None:
    accounts(1, granted_at=timezone.now())

    html = plan(operator, *accounts(2))

    assert "would list 3 accounts, but only 2 fit." in html
    assert SWITCH in html
    assert not Rollout.objects.exists()


def test_the_link_leads_to_the_very_control(operator, room_for_two, managing) -> None:
    html = operator.get("/managing/?switch=1").content.decode()

    assert 'id="switch"' in html
    assert 'name="organization"' in html


def test_one_that_fills_the_list_offers_the_organization(
    operator, room_for_two
) -> None:
    managing_row()

    html = plan(operator, *accounts(2))

    assert Rollout.objects.count() == 1
    assert "nearly full: 2 of 2, including accounts that" in html
    assert SWITCH in html


def test_one_that_leaves_room_says_nothing(operator, managing) -> None:
    html = plan(operator, *accounts(2))

    assert Rollout.objects.count() == 1
    assert "nearly full" not in html


def test_an_organization_has_no_end(operator, room_for_two) -> None:
    managing_row(organization="o-a1b2c3d4e5")

    html = plan(operator, *accounts(3))

    assert Rollout.objects.count() == 1
    assert SWITCH not in html
