"""Tried: many removals, or many onboardings, are planned first, approved together, and
carried out at once, each while the one before it is halfway.

Refused: none of them is outdated by what the others do to the list of accounts that
Spinnaker may assume; a stranger's change of that list still outdates a plan.
"""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.models.states import Status
from accounts.runs.actions import NothingExists, approve, remove, verify
from accounts.runs.scope import COMPARED_FOR
from accounts.runs.stages import carry_on
from script.emulated_organization import MANAGING, MEMBERS, Account, Credentials
from tests.accounts.runs.carried import (
    carried,
    done,
    member,
    onboarded,
    planned,
    root,
)
from tests.attack.freezing import ASSUME, Freezing, assumed
from tests.factories import roles_in_a_policy

pytestmark = pytest.mark.django_db(transaction=True)

CROWD = MEMBERS[:5]


@pytest.fixture(params=[50, 2], ids=["one policy", "several policies"])
def per_policy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let so many accounts fit into one policy of the list."""
    roles_in_a_policy(monkeypatch, request.param)


def interleaved(runs: list[Run], frozen_at: str) -> list[Run]:
    """Approve all, and carry each out while the one before it stands at this call."""
    for run in runs:
        assert run.status == Status.PLANNED, run.error
        assert approve(run, None)

    def carry(rest: list[Run]) -> None:
        if rest:
            carry_on(rest[0], Freezing(frozen_at, lambda: carry(rest[1:])))

    carry(runs)
    return [Run.objects.get(pk=run.pk) for run in runs]


def removals(accounts: list[ManagedAccount]) -> list[Run]:
    return [carried(remove(account, None)) for account in accounts]


@pytest.mark.usefixtures("per_policy")
def test_a_crowd_is_onboarded_and_then_removed(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = [member(one) for one in CROWD]

    onboardings = interleaved([planned(one) for one in accounts], "PutRolePolicy")

    assert [run.error for run in onboardings] == [None] * len(CROWD)
    assert {run.status for run in onboardings} <= {Status.VERIFIED, Status.EVALUATED}
    assert assumed(here) == {one.account_id for one in CROWD}
    endings = interleaved(removals(accounts), "DeleteRolePolicy")
    assert [run.error for run in endings] == [None] * len(CROWD)
    assert {run.status for run in endings} == {Status.REMOVED}
    assert assumed(here) == set()


def somebody_adds(here: Credentials, *accounts: Account) -> None:
    arn = MANAGING.arn(f"policy/bowline/managing/{ASSUME}")
    roles = [account.arn("role/spinnakerManaged") for account in accounts]
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles}
    root(here, MANAGING, "iam").create_policy_version(
        PolicyArn=arn,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        SetAsDefault=True,
    )


def test_a_strangers_line_in_the_list_is_nobodys_removal(here: Credentials) -> None:
    account = member()
    onboarded(account)
    onboarded(member(MEMBERS[1]))
    (run,) = removals([account])
    somebody_adds(here, *MEMBERS[:3])

    run = done(run)

    assert run.status == Status.OUTDATED
    assert f"update policy {ASSUME}" in run.error["message"]
    account.refresh_from_db()
    assert account.granted_at is not None
    assert not account.withdrawn


def test_a_strangers_line_in_the_list_fails_a_verification(here: Credentials) -> None:
    account = member()
    onboarded(account)
    ManagingAccount.objects.update(verified_at=timezone.now() - COMPARED_FOR)
    somebody_adds(here, *MEMBERS[:2])

    run = carried(verify(account, None))

    assert run.status == Status.FAILED
    assert f"update policy {ASSUME}" in run.error["message"]


def test_an_outdated_plan_grants_nothing(here: Credentials) -> None:
    run = planned(member())
    ManagingAccount.objects.update(bowline_principal=MANAGING.arn("user/other"))

    run = done(run)

    assert run.status == Status.OUTDATED, run.error
    assert ManagedAccount.objects.get().granted_at is None


def test_a_removed_account_is_not_removed_again(here: Credentials) -> None:
    account = member()
    onboarded(account)
    done(*removals([account]))

    with pytest.raises(NothingExists, match="there's nothing to remove"):
        remove(account, None)

    assert account.runs.filter(kind=Run.Kind.REMOVE).count() == 1


def test_what_somebody_removed_by_hand_is_removed_without_approval(
    here: Credentials,
) -> None:
    account = member()
    onboarded(account)
    done(*removals([account]))
    ManagedAccount.objects.update(granted_at="2026-01-01T00:00:00Z")

    (run,) = removals([account])

    account.refresh_from_db()
    assert (run.status, run.error) == (Status.REMOVED, None)
    assert account.granted_at is None
