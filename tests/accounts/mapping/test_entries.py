"""What Spinnaker knows: what is described against what was approved."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from accounts.mapping.edits import editing
from accounts.mapping.entries import unplanned_entries
from accounts.mapping.managing import managing_of
from accounts.models import ManagedAccount, ManagingAccount
from accounts.models.states import State, Status
from tests.rows import account_row, approve_entries, managing_row, run_row

pytestmark = pytest.mark.django_db

take_for_approved = import_module(
    "accounts.migrations.0014_approved_entries"
).take_for_approved


def unplanned(account: ManagedAccount) -> list[str]:
    row = ManagedAccount.objects.prefetch_related("providers").get(pk=account.pk)
    managing = managing_of(ManagingAccount.objects.get())
    return [change.verb for change in unplanned_entries(managing, row)]


def test_an_edit_is_unplanned_until_it_is_approved() -> None:
    managing_row()
    account = account_row(proof=State.VERIFIED)
    assert unplanned(account) == []

    with editing(account, None):
        ManagedAccount.objects.update(environment="production")
    assert unplanned(account) == ["update"]

    account.refresh_from_db()
    approve_entries(account)
    assert unplanned(account) == []


def test_details_that_cannot_be_read_are_not_compared() -> None:
    managing_row()
    account = account_row(proof=State.VERIFIED)
    account.providers.update(details={"unheard_of": True})

    assert unplanned(account) == []


@pytest.mark.parametrize(
    ("fields", "is_approved"),
    [
        ({"proof": State.VERIFIED}, True),
        ({"proof": State.EVALUATED}, True),
        ({"state": State.DRIFTED, "verified_at": timezone.now()}, True),
        ({"state": State.OUTDATED, "verified_at": timezone.now()}, False),
        ({"state": State.FAILED}, False),
        ({"state": State.DRAFT}, False),
    ],
)
def test_what_was_proved_before_counts_as_approved(
    fields: dict[str, object], is_approved: bool
) -> None:
    managing_row()
    account = account_row(**fields, approved_entries=[])

    take_for_approved(apps, None)

    account.refresh_from_db()
    assert bool(account.approved_entries) is is_approved
    assert account.approved_version == int(is_approved)


@pytest.mark.parametrize(
    ("kind", "before", "after"), [("onboard", 0, 1), ("remove", 0, 0)]
)
def test_a_plan_that_waited_before_gets_its_entries(
    kind: str, before: int, after: int
) -> None:
    managing_row()
    run = run_row(Status.PLANNED, account=account_row(), kind=kind)

    take_for_approved(apps, None)

    run.refresh_from_db()
    sides = run.entries["before"], run.entries["after"]
    assert tuple(len(side) for side in sides) == (before, after)


def test_nothing_is_approved_where_nothing_is_described() -> None:
    account = account_row(proof=State.VERIFIED, approved_entries=[])
    take_for_approved(apps, None)
    managing_row()
    account.providers.update(details={"unheard_of": True})

    take_for_approved(apps, None)

    account.refresh_from_db()
    assert account.approved_entries == []
