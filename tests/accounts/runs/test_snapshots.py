"""What may exist in AWS is on record before AWS is touched, whatever happens there."""

from __future__ import annotations

import pytest

from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of
from accounts.mapping.snapshots import managed_snapshot, managing_snapshot
from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.runs.actions import approve, plan, plan_managing
from accounts.runs.stages import carry_on
from onboarding.aws.errors import AwsError
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import carried, member

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """Stands in for SIGKILL: nothing in Bowline catches it."""


DENIED = AwsError("1", "iam:CreateRole", "AWS refused it.", code="AccessDenied")


ENDS = pytest.mark.parametrize("end", [DENIED, Killed()], ids=["denied", "killed"])


def first_write_ends(
    run: Run, monkeypatch: pytest.MonkeyPatch, end: BaseException
) -> None:
    """Approve the plan, and carry it out until its first write ends so."""
    assert approve(run, None)
    written = []

    def first_write(*arguments: object, **_: object) -> None:
        written.append(arguments)
        raise end

    monkeypatch.setattr("accounts.runs.carrying_out.apply", first_write)
    try:
        carry_on(Run.objects.get(pk=run.pk))
    except Killed:
        assert isinstance(end, Killed)
    assert len(written) == 1


@ENDS
def test_a_snapshot_is_kept_before_the_first_write(
    here: Credentials, monkeypatch: pytest.MonkeyPatch, end: BaseException
) -> None:
    run = carried(plan(member(), None, alone=True))

    first_write_ends(run, monkeypatch, end)

    account, managing = ManagedAccount.objects.get(), ManagingAccount.objects.get()
    assert account.applied == [
        managed_snapshot(managing_of(managing), managed_of(account))
    ]
    # Alone, a run leaves the managing side to another one.
    assert managing.applied == []


@ENDS
def test_a_snapshot_of_the_managing_account_is_kept_before_the_first_write(
    here: Credentials, monkeypatch: pytest.MonkeyPatch, end: BaseException
) -> None:
    run = carried(plan_managing(None))

    first_write_ends(run, monkeypatch, end)

    managing = ManagingAccount.objects.get()
    assert managing.applied == [managing_snapshot(managing)]
