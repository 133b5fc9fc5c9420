"""The run of an account whose owner makes the roles, from the plan to its proof."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.models.states import State, Status
from accounts.runs.actions import RunOpen, plan, verify
from accounts.runs.owners.hand_offs import ManagingNotVerified
from accounts.runs.owners.looking import NOT_YET, STOPPED, look_at_owners
from onboarding.topology import READER_ROLE
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import DEV, MEMBERS, carried, done, planned
from tests.accounts.runs.owners.owning import (
    account,
    deploy,
    looked,
    owned,
    ready_to_hand_off,
)
from tests.strict_aws.calls import Calls

pytestmark = pytest.mark.django_db(transaction=True)

WRITES = ("Create", "Delete", "Put", "Attach", "Detach", "Update", "Tag", "Add")


@pytest.fixture
def handed_off(here: Credentials) -> Run:
    ready_to_hand_off(here)
    run = done(planned(owned()))
    assert run.status == Status.HANDED_OFF, run.error
    return run


def written(calls: Calls) -> list[str]:
    return [call for call in calls.made if call.split(":")[1].startswith(WRITES)]


def test_it_waits_for_the_owner_and_becomes_verified_by_the_walk(
    here: Credentials, handed_off: Run, calls: Calls
) -> None:
    assert account().state == State.HANDED_OFF
    assert ManagingAccount.objects.get().verification == State.VERIFIED
    calls.made.clear()

    waiting = looked(handed_off)

    assert (waiting.status, waiting.waiting) == (Status.HANDED_OFF, NOT_YET)
    deploy(here, account())
    found = looked(handed_off)
    assert found.status == Status.VERIFIED, found.error
    assert account().state == State.VERIFIED
    assert ManagedAccount.objects.ready().get() == account()
    chain = {c.name: c.outcome for c in found.checks.filter(provider="chain")}
    assert set(chain.values()) == {"passed"}
    unread = found.checks.get(name__startswith=f"Compare {DEV.name} with AWS")
    assert unread.outcome == "not testable"
    assert unread.sentence.startswith(
        "Verified by the role chain. Its policies weren't"
    )
    assert written(calls) == []
    assert {step.status for step in found.steps.all()} == {"done"}


def test_with_the_reader_role_nothing_is_left_to_change(
    here: Credentials, calls: Calls
) -> None:
    ready_to_hand_off(here)
    run = done(planned(owned(reader_role=READER_ROLE)))
    calls.made.clear()
    deploy(here, account())

    found = looked(run)

    assert found.status == Status.VERIFIED, found.error
    left = found.checks.get(name__startswith=f"Compare {DEV.name} with AWS")
    assert left.outcome == "passed"
    assert account().policy_set > 0
    assert written(calls) == []


def test_nothing_is_handed_off_before_the_managing_account_is_verified(
    here: Credentials,
) -> None:
    with pytest.raises(ManagingNotVerified, match="verify the managing account"):
        plan(owned(), None)

    assert not Run.objects.exists()


def test_an_edit_ends_the_wait_and_a_new_plan_takes_its_place(
    handed_off: Run,
) -> None:
    with pytest.raises(RunOpen, match="is waiting for an owner"):
        verify(account(), None)
    account().touch()

    assert looked(handed_off).status == Status.OUTDATED
    assert plan(account(), None).status == Status.PLANNING


def test_a_newer_plan_takes_the_place_of_a_hand_off(handed_off: Run) -> None:
    newer = carried(plan(account(), None))

    handed_off.refresh_from_db()
    assert handed_off.status == Status.DISCARDED
    assert newer.status == Status.PLANNED, newer.error


def test_it_stops_looking_after_thirty_days_and_says_so(handed_off: Run) -> None:
    long_ago = timezone.now() - timedelta(days=31)
    Run.objects.update(awaited_from=long_ago)

    look_at_owners()

    handed_off.refresh_from_db()
    assert (handed_off.look_at, handed_off.waiting) == (None, STOPPED)
    assert handed_off.status == Status.HANDED_OFF


def test_all_that_wait_are_looked_at_by_one_identity_session(
    handed_off: Run, calls: Calls
) -> None:
    done(planned(owned(MEMBERS[1])))
    Run.objects.update(look_at=timezone.now())
    calls.made.clear()

    look_at_owners()

    assert calls.made["sts:AssumeRole"] == 3
    assert not Run.objects.awaited().exists()
