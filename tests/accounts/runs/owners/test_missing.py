"""What was proved and is gone: a deleted stack, an edited trust; and a removal."""

from __future__ import annotations

import pytest

from accounts.models import HandOff, HandOffText, ManagedAccount, ManagingAccount, Run
from accounts.models.states import State, Status
from accounts.runs.actions import approve, plan, remove, verify
from accounts.runs.owners.looking import ONCE_MORE, STILL_THERE
from onboarding.topology import READER_ROLE
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import DEV, carried, done, planned
from tests.accounts.runs.owners.owning import (
    account,
    delete,
    deploy,
    looked,
    owned,
    ready_to_hand_off,
)
from tests.strict_aws.calls import Calls

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = ("iam:Create", "iam:Delete", "iam:Detach", "iam:Put")


@pytest.fixture
def verified(here: Credentials) -> Run:
    ready_to_hand_off(here)
    run = done(planned(owned(reader_role=READER_ROLE)))
    deploy(here, account())
    run = looked(run)
    assert run.status == Status.VERIFIED, run.error
    return run


def verify_again() -> Run:
    return carried(verify(account(), None))


def test_a_deleted_stack_is_named_and_leaves_the_next_bundle_at_the_second_look(
    here: Credentials, verified: Run
) -> None:
    delete(here)

    first = verify_again()

    assert first.status == Status.FAILED
    assert first.error["message"].startswith("Assume the managed role")
    assert "The role doesn't exist, or its trust isn't" in first.error["message"]
    assert ManagedAccount.objects.ready().exists()
    verify_again()
    assert not ManagedAccount.objects.ready().exists()
    (sentence, *_) = account().standing.sentences
    assert "The owner's stack was deleted" in sentence
    deploy(here, account())
    assert verify_again().status == Status.VERIFIED
    assert ManagedAccount.objects.ready().get().missed == 0


def test_a_removal_waits_until_the_owner_deleted_the_stack(
    here: Credentials, verified: Run, calls: Calls
) -> None:
    calls.made.clear()
    given = HandOff.objects.get()
    HandOff.objects.create(text=given.text, number=1, stack_name="of-managing")
    run = carried(remove(account(), None, never_told=True))
    assert approve(run, None)

    run = carried(run)

    assert run.status == Status.HANDED_OFF, run.error
    assert looked(run).waiting == STILL_THERE
    assert not [call for call in calls.made if call.startswith(BEFORE)]
    delete(here)
    assert looked(run).waiting == ONCE_MORE
    assert not [call for call in calls.made if call.startswith(BEFORE)]
    ended = looked(run)
    assert ended.status == Status.REMOVED, ended.error
    assert account().state == State.DRAFT
    assert HandOff.objects.in_force().get().stack_name == "of-managing"
    assert any(call.startswith(BEFORE) for call in calls.made)


def test_what_was_handed_out_is_kept_once_and_counted(
    here: Credentials, verified: Run
) -> None:
    (first,) = HandOff.objects.all()
    assert (first.number, first.stack_name) == (1, f"bowline-{DEV.name}")
    assert first.text.text
    ManagingAccount.objects.update(base_role="OtherBase")

    again = done(carried(plan(account(), None)))

    assert again.status == Status.HANDED_OFF, again.error
    assert [one.number for one in HandOff.objects.all()] == [2, 1]
    assert HandOff.objects.first().stack_name == first.stack_name
    assert HandOffText.objects.count() == 2
    assert "differ from the plan: " in looked(again).waiting
