"""The Remove tab: delete an account from Bowline alone, and leave AWS as it is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import ManagedAccount, ManagingAccount, Rollout
from accounts.models.states import State, Status
from tests.accounts.web.answers import messages_of
from tests.rows import account_row, run_row

OFFER = "Forget, and leave AWS as it is"


@pytest.fixture
def account(managing) -> ManagedAccount:
    return account_row(
        adopts=True,
        granted_at=timezone.now(),
        state=State.VERIFIED,
        verification=State.VERIFIED,
    )


def tab(client: Client, account: ManagedAccount) -> str:
    page = client.get(f"/accounts/{account.pk}/?tab=remove").content.decode()
    return " ".join(re.sub("<[^>]*>", "", page).split())


def leave(client: Client, account: ManagedAccount, typed: str) -> Any:
    return client.post(f"/accounts/{account.pk}/leave/", {"leave": typed})


def test_an_approver_forgets_it_by_its_name(
    approver: Client, account: ManagedAccount
) -> None:
    assert "To forget it, type staging" in tab(approver, account)

    refused = leave(approver, account, "stagin")
    assert "Type the account's name, staging," in messages_of(refused)
    assert ManagedAccount.objects.exists()

    answer = leave(approver, account, " staging ")
    assert answer["Location"] == "/accounts/"
    assert not ManagedAccount.objects.exists()
    assert [one.account for one in ManagingAccount.objects.get().kept] == ["staging"]


def test_it_says_why_it_cannot_be_now(
    approver: Client, account: ManagedAccount
) -> None:
    rollout = Rollout.objects.create(state=Rollout.State.PAUSED)
    run_row(Status.VERIFIED, account=account, rollout=rollout)

    page = tab(approver, account)

    assert f"staging is part of rollout {rollout.number}." in page
    assert "To forget it" not in page


@pytest.mark.parametrize(
    "fields", [{"adopts": False}, {"made_by": "owner"}, {"granted_at": None}]
)
def test_it_is_offered_of_existing_roles_only(
    approver: Client, account: ManagedAccount, fields: dict[str, Any]
) -> None:
    ManagedAccount.objects.update(**fields)

    assert OFFER not in tab(approver, account)
