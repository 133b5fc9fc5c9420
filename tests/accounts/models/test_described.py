"""Named transitions: which states they lead to, and that an edit in between wins."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ManagedAccount, ManagingAccount
from accounts.models.states import State
from tests.rows import account_row, managing_row, run_row

pytestmark = pytest.mark.django_db

NOW = timezone.now()
VERIFIED = {"verification": State.VERIFIED, "granted_at": NOW, "accepted_at": NOW}


@pytest.mark.parametrize(
    ("transition", "state", "verification"),
    [
        (lambda rows: rows.wait_for_approval(), State.PLANNED, State.VERIFIED),
        (lambda rows: rows.begin_applying(), State.APPLYING, ""),
        (lambda rows: rows.verify_unchanged(), State.APPLYING, State.VERIFIED),
        (lambda rows: rows.fail(), State.FAILED, ""),
        (lambda rows: rows.drift(), State.DRIFTED, ""),
        (lambda rows: rows.refuse_plan(), State.OUTDATED, State.VERIFIED),
        (
            lambda rows: rows.verify(State.EVALUATED, NOW),
            State.EVALUATED,
            State.EVALUATED,
        ),
    ],
)
def test_a_transition_moves_an_account_unless_it_was_edited(
    transition: Any, state: State, verification: str
) -> None:
    managing_row()
    account = account_row(state=State.VERIFIED, **VERIFIED)
    run = run_row(account=account)

    assert transition(run.unedited_subject) == 1
    account.refresh_from_db()
    assert (account.state, account.verification) == (state, verification)

    account.touch()
    assert transition(run.unedited_subject) == 0
    account.refresh_from_db()
    assert (account.state, account.verification) == (State.OUTDATED, "")


def test_an_edit_takes_the_proof_and_the_acceptance() -> None:
    account = account_row(state=State.VERIFIED, **VERIFIED)

    account.touch()

    assert (account.verification, account.accepted_at, account.version) == ("", None, 2)


@pytest.mark.parametrize(
    ("state", "fields", "before"),
    [
        (State.PLANNED, {}, State.DRAFT),
        (State.PLANNED, {"granted_at": NOW}, State.OUTDATED),
        (State.APPLYING, VERIFIED, State.VERIFIED),
        (State.DRIFTED, {"granted_at": NOW}, State.DRIFTED),
    ],
)
def test_an_account_is_put_back_where_it_was(
    state: State, fields: dict[str, Any], before: State
) -> None:
    account = account_row(state=state, **fields)

    ManagedAccount.objects.put_back()

    account.refresh_from_db()
    assert account.state == before


@pytest.mark.parametrize(
    ("applied", "before"), [([], State.DRAFT), ([{"name": "core"}], State.OUTDATED)]
)
def test_the_managing_account_is_put_back_where_it_was(
    applied: list[Any], before: State
) -> None:
    managing_row(state=State.PLANNED, applied=applied)

    ManagingAccount.objects.put_back()

    assert ManagingAccount.objects.get().state == before


def test_a_run_of_the_managing_account_moves_that_one(managing) -> None:
    account = account_row(state=State.VERIFIED)
    run = run_row(account=None, kind="managing")

    run.unedited_subject.fail()

    account.refresh_from_db()
    assert ManagingAccount.objects.get().state == State.FAILED
    assert account.state == State.VERIFIED


def test_a_form_that_was_opened_earlier_leaves_what_others_decided() -> None:
    """It saves what it describes, not the whole row as it was when it was read."""
    managing, opened = managing_row(), account_row(state=State.PLANNED)
    ManagedAccount.objects.begin_applying()
    verified = {"managed": {}, "entries": []}
    ManagedAccount.objects.filter(pk=opened.pk).keep_verified(verified)
    assert managing.take_lease()
    earlier = type(managing).objects.get()
    managing.free_lease()

    opened.regions = ["eu-west-1"]
    opened.save()
    earlier.save()

    stored = ManagedAccount.objects.get()
    assert stored.regions == ["eu-west-1"]
    assert (stored.state, stored.verified) == (State.APPLYING, verified)
    assert type(managing).objects.get().lease is None
