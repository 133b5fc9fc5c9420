"""What Spinnaker knows: what is described against what was approved."""

from __future__ import annotations

import pytest

from accounts.mapping.edits import editing
from accounts.mapping.entries import unplanned_entries
from accounts.mapping.managing import managing_of
from accounts.models import ManagedAccount, ManagingAccount
from accounts.models.states import State
from tests.rows import account_row, approve_entries

pytestmark = pytest.mark.usefixtures("managing")


def unplanned(account: ManagedAccount) -> list[str]:
    row = ManagedAccount.objects.prefetch_related("providers").get(pk=account.pk)
    managing = managing_of(ManagingAccount.objects.get())
    return [change.verb for change in unplanned_entries(managing, row)]


def test_an_edit_is_unplanned_until_it_is_approved() -> None:
    account = account_row(verification=State.VERIFIED)
    assert unplanned(account) == []

    with editing(account, None):
        ManagedAccount.objects.update(environment="production")
    assert unplanned(account) == ["update"]

    account.refresh_from_db()
    approve_entries(account)
    assert unplanned(account) == []


def test_details_that_cannot_be_read_are_not_compared() -> None:
    account = account_row(verification=State.VERIFIED)
    account.providers.update(details={"unheard_of": True})

    assert unplanned(account) == []
