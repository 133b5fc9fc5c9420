"""Which undo needs no approval of its own, and which step waits: by rows alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from accounts.external_ids import Held
from accounts.mapping.plans import take_over_of
from accounts.models import ManagedAccount, Run
from accounts.models.states import State, Status
from accounts.people.reach import DecisionReach, as_stored
from accounts.people.role_limits.limits import limit
from accounts.people.roles import OPERATOR
from accounts.runs.foreign.taking_over import (
    UNDONE_WITHIN,
    CannotTakeOver,
    begin_undo,
    undo,
    why_not,
)
from onboarding.resources.kinds import Attachment, InstanceProfile
from onboarding.resources.plan import Create, Plan, PlannedChange, Update
from onboarding.resources.take_over import Done, TakeOver
from tests.plans import FIVE, list_of
from tests.rows import account_row, person, run_row, step_row

ACCOUNT = "922222222222"
WIDE = Attachment(
    account=ACCOUNT,
    holder="spinnakerManaged",
    policy_arn="arn:aws:iam::aws:policy/PowerUserAccess",
)
BACK = PlannedChange.of(Create(WIDE))
OTHER = PlannedChange.of(
    Create(InstanceProfile(account=ACCOUNT, name="BaseIAMRole", role="BaseIAMRole"))
)
DEV = DecisionReach(frozenset({("staging", "dev")}))
DETACHED = TakeOver(detaches=frozenset(["a" * 64]))


@pytest.fixture
def account(managing) -> ManagedAccount:
    return account_row(
        adopts=True, state=State.PLANNED, verified={"entries": [], "managed": {}}
    )


def undo_of(account: ManagedAccount, took: TakeOver = DETACHED, **fields: Any) -> Run:
    """Plan the undo of a run that was approved just now."""
    given = {"approved_at": timezone.now(), **fields}
    run = run_row(Status.VERIFIED, account=account, take_over=took.as_json(), **given)
    done = (Done(WIDE.key, "delete", {"policy_arn": WIDE.policy_arn}),)
    undo = TakeOver(undoes=done, undone_run=run.number)
    return run_row(Status.PLANNED, account=account, take_over=undo.as_json())


def test_an_undo_is_approved_with_its_step_in_the_name_of_who_asked(
    account: ManagedAccount,
) -> None:
    olga = person("operator")
    run = undo_of(account, approved_by_name="paul")
    run.created_by = olga

    assert begin_undo(run, Plan(changes=(BACK,)))
    assert (run.status, run.approved_by) == (Status.APPLYING, olga)
    assert run.approval_comment.endswith(", approved by paul.")


def test_of_a_command_without_a_person_it_is_too(account: ManagedAccount) -> None:
    assert begin_undo(undo_of(account), Plan(changes=(BACK,)))


@pytest.mark.parametrize(
    ("lost", "limited_to"),
    [({"is_active": False}, None), ({"groups": []}, None), ({}, "dev")],
)
def test_by_somebody_who_may_no_longer_plan_it_is_not(
    account: ManagedAccount, lost: dict[str, Any], limited_to: str | None
) -> None:
    olga = person("operator")
    run = undo_of(account)
    run.created_by = olga
    if limited_to:
        limit(olga, OPERATOR, [limited_to], None)
    elif "groups" in lost:
        olga.groups.clear()
    else:
        User.objects.filter(pk=olga.pk).update(**lost)
    run.created_by = User.objects.get(pk=olga.pk)

    assert not begin_undo(run, Plan(changes=(BACK,)))


def test_after_the_account_moved_it_is_not(account: ManagedAccount) -> None:
    run = undo_of(account, reach=as_stored(DEV, "", managing_first=False))
    ManagedAccount.objects.update(environment="production")

    assert not begin_undo(Run.objects.get(pk=run.pk), Plan(changes=(BACK,)))


def test_after_another_approval_it_is_not(account: ManagedAccount) -> None:
    run = undo_of(account)
    now = timezone.now()
    run_row(Status.VERIFIED, account=account, approved_at=now)

    assert not begin_undo(run, Plan(changes=(BACK,)))


def test_of_long_ago_it_is_not(account: ManagedAccount) -> None:
    run = undo_of(account, approved_at=timezone.now() - UNDONE_WITHIN)

    assert not begin_undo(run, Plan(changes=(BACK,)))


def test_with_another_change_it_is_not(account: ManagedAccount) -> None:
    assert not begin_undo(undo_of(account), Plan(changes=(BACK, OTHER)))


def test_with_what_spinnaker_loses_it_is_not(account: ManagedAccount) -> None:
    """A change of the list that the undone run had made, too, has the key of one."""
    lost = PlannedChange.of(Update(list_of(FIVE), list_of(FIVE[:1])))
    run = undo_of(account)
    done = (Done(lost.key, "update", None),)
    number = take_over_of(run).undone_run
    run.take_over = TakeOver(undoes=done, undone_run=number).as_json()

    assert not begin_undo(run, Plan(changes=(lost,)))


def test_an_undo_of_an_undo_is_not(account: ManagedAccount) -> None:
    undoes = TakeOver(undoes=(Done(WIDE.key, "create", None),), undone_run=1)

    assert not begin_undo(undo_of(account, undoes), Plan(changes=(BACK,)))


def test_trust_waits_until_spinnaker_sends_the_external_id(
    account: ManagedAccount,
) -> None:
    assert "doesn't send the external ID" in why_not(account, TakeOver(trust=True))


@pytest.mark.parametrize("where", ["installed", "loaded"])
def test_trust_waits_until_each_name_sends_it(
    account: ManagedAccount, where: str
) -> None:
    own, sent = account.account_id, account.spinnakers_external_id
    nowhere = Held({}, {}, {})
    some, all_of_them = ({own: [sent, ""]}, {own: [sent]})
    trust = TakeOver(trust=True)

    assert why_not(account, trust, nowhere._replace(**{where: some}))
    assert not why_not(account, trust, nowhere._replace(**{where: all_of_them}))


def test_the_roles_of_an_owner_are_not_taken_over(account: ManagedAccount) -> None:
    account.made_by = "owner"

    assert "owner's to change" in why_not(account, TakeOver(owns=True))


def test_what_is_in_progress_is_not_undone(account: ManagedAccount) -> None:
    run = run_row(Status.APPLYING, account=account, take_over=DETACHED.as_json())
    step_row(run, kind=WIDE.kind, name=WIDE.name, verb="delete", status="done")

    with pytest.raises(CannotTakeOver, match="is in progress"):
        undo(run, None)


def test_what_was_only_evaluated_waits_until_it_is_accepted(managing) -> None:
    account = account_row(adopts=True, verification=State.EVALUATED)

    assert "Have an approver accept it on its page first." in why_not(account, DETACHED)

    account.verified = {"as": "evaluated", "entries": []}
    assert why_not(account, DETACHED) == ""
