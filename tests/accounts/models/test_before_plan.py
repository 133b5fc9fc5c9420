"""A plan that comes to nothing fixes nothing: accounts are again what they were."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import ManagedAccount, ManagingAccount
from accounts.models.states import State
from tests.rows import account_row, managing_row

pytestmark = pytest.mark.django_db


def state() -> str:
    return str(ManagedAccount.objects.values_list("state", flat=True).get())


@pytest.mark.parametrize("before", [State.FAILED, State.DRIFTED])
@pytest.mark.parametrize("granted", [None, timezone.now()])
def test_what_was_broken_is_broken_again_once_its_plan_is_discarded(
    before: State, granted: object
) -> None:
    account_row(state=before, granted_at=granted)

    ManagedAccount.objects.all().wait_for_approval()
    assert state() == State.PLANNED
    ManagedAccount.objects.all().put_back()

    assert state() == before


def test_the_state_before_the_first_plan_counts_and_not_one_that_passes() -> None:
    account_row(state=State.FAILED)
    rows = ManagedAccount.objects.all()

    rows.wait_for_approval()
    rows.wait_for_approval()
    rows.begin_applying()
    rows.put_back()

    assert state() == State.FAILED


def test_what_was_fixed_meanwhile_is_not_broken_again() -> None:
    account_row(state=State.FAILED, granted_at=timezone.now(), approved_version=1)
    rows = ManagedAccount.objects.all()
    rows.wait_for_approval()
    rows.verify(State.VERIFIED, timezone.now())

    rows.verify_unchanged()
    rows.put_back()

    assert state() == State.VERIFIED


def test_a_draft_is_a_draft_again() -> None:
    account_row()

    ManagedAccount.objects.all().wait_for_approval()
    ManagedAccount.objects.all().put_back()

    assert state() == State.DRAFT


def test_the_managing_account_is_failed_again_too() -> None:
    managing_row(state=State.FAILED)

    ManagingAccount.objects.all().wait_for_approval()
    ManagingAccount.objects.all().put_back()

    assert ManagingAccount.objects.get().state == State.FAILED
