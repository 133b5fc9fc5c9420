"""What people do with runs: each decision once, and nothing lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Model, QuerySet
from django.utils import timezone

from accounts.mapping.managing import NoManagingAccount
from accounts.mapping.spinnaker import NameTaken
from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.models.people import MovedMeanwhile
from accounts.models.states import State, Status
from accounts.people.deciding import Outside
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER
from accounts.runs import actions
from accounts.runs.actions import (
    NothingExists,
    NothingToAccept,
    RunOpen,
    accept,
    approve,
    discard,
    plan,
    plan_managing,
    verify,
)
from tests.plans import FIVE, losing_run
from tests.rows import account_row, person

pytestmark = pytest.mark.usefixtures("managing")


def planned(account: ManagedAccount | None = None) -> Run:
    run = plan(account or account_row(), None)
    run.move(Status.PLANNED, since=(Status.PLANNING,))
    return run


def state_of(account: ManagedAccount) -> str:
    return ManagedAccount.objects.get(pk=account.pk).state


def test_a_plan_needs_a_managing_account(managing) -> None:
    managing.delete()
    account = account_row()

    with pytest.raises(NoManagingAccount, match="managing account first"):
        plan(account, None)


def test_a_plan_remembers_the_versions_and_the_person() -> None:
    ManagingAccount.objects.update(version=3)
    account = account_row(version=7)
    operator = person("operator")

    run = plan(account, operator)

    assert (run.version, run.managing_version) == (7, 3)
    assert run.created_by == operator
    assert run.started_from == Run.Origin.PAGE
    assert run.status == Status.PLANNING


def test_it_is_sent_to_a_worker_when_the_rows_are_committed(
    django_capture_on_commit_callbacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = account_row()
    sent: list[Run] = []
    monkeypatch.setattr(actions, "wake", sent.append)

    with django_capture_on_commit_callbacks(execute=True):
        run = plan(account, None)
        assert sent == []

    assert sent == [run]


def test_a_second_plan_puts_the_waiting_one_aside() -> None:
    account = account_row()
    first = planned(account)

    second = plan(account, None)

    first.refresh_from_db()
    assert first.status == Status.DISCARDED
    assert second.status == Status.PLANNING


def test_a_second_plan_is_refused_while_a_worker_is_on_the_first() -> None:
    account = account_row()
    first = plan(account, None)

    with pytest.raises(RunOpen) as caught:
        plan(account, None)

    assert caught.value.see == first


def test_the_managing_account_has_one_open_run() -> None:
    plan_managing(None)

    with pytest.raises(RunOpen):
        plan_managing(None)


def test_two_people_approve_at_once_and_one_run_comes_of_it(
    django_capture_on_commit_callbacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = planned()
    same = Run.objects.get(pk=run.pk)
    sent: list[Run] = []
    monkeypatch.setattr(actions, "wake", sent.append)

    with django_capture_on_commit_callbacks(execute=True):
        approve(run, person("approver"))
        with pytest.raises(MovedMeanwhile, match="approved by approver before you"):
            approve(same, person("approver", username="bob"))

    run.refresh_from_db()
    assert len(sent) == 1
    assert run.approved_by is not None
    assert run.approved_by.username == "approver"


def test_approval_takes_the_proof_away_and_a_waiting_plan_does_not() -> None:
    account = account_row(state=State.VERIFIED, verification=State.VERIFIED)

    run = planned(account)
    before = ManagedAccount.objects.get().verification
    approve(run, None)

    assert before == State.VERIFIED
    assert ManagedAccount.objects.get().verification == ""
    assert list(ManagedAccount.objects.ready()) == [account], "as it was proved"


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, State.DRAFT),
        ({"granted_at": timezone.now()}, State.OUTDATED),
        ({"granted_at": timezone.now(), "verification": "verified"}, State.VERIFIED),
    ],
)
def test_a_discarded_plan_leaves_the_account_as_it_was(
    fields: dict[str, object], state: State
) -> None:
    account = account_row(state=State.PLANNED, **fields)
    run = planned(account)

    assert discard(run, None)

    assert state_of(account) == state


def test_a_run_that_is_being_applied_cannot_be_discarded() -> None:
    run = planned()
    approve(run, None)

    with pytest.raises(MovedMeanwhile, match="is already applying"):
        discard(run, None)


def test_a_draft_cannot_be_verified() -> None:
    with pytest.raises(NothingExists, match="created anything in staging yet"):
        verify(account_row(), None)


def test_verifying_leaves_a_waiting_plan_to_whoever_approves() -> None:
    account = account_row(granted_at=timezone.now())
    waiting = planned(account)

    with pytest.raises(RunOpen, match="a plan for staging, needs approval") as caught:
        verify(account, None)

    waiting.refresh_from_db()
    assert caught.value.see == waiting
    assert waiting.status == Status.PLANNED


def test_an_evaluated_account_is_ready_once_a_person_accepts_it() -> None:
    account = account_row(state=State.EVALUATED, verification=State.EVALUATED)
    approver = person("approver")

    before = list(ManagedAccount.objects.ready())
    accepted = accept(account, approver)

    account.refresh_from_db()
    assert before == []
    assert accepted
    assert account.accepted_by == approver
    assert list(ManagedAccount.objects.ready()) == [account]


def test_a_draft_cannot_be_accepted() -> None:
    with pytest.raises(NothingToAccept, match="staging isn't waiting"):
        accept(account_row(), person("approver"))


def test_an_edit_outdates_the_account_and_takes_its_proof() -> None:
    account = account_row(
        state=State.VERIFIED, verification=State.VERIFIED, accepted_at=timezone.now()
    )

    account.touch()

    assert account.version == 2
    assert account.state == State.OUTDATED
    assert (account.verification, account.accepted_at) == ("", None)


@pytest.mark.parametrize("edited", ["account", "managing account"])
def test_a_plan_that_an_edit_outdates_is_not_approved(managing, edited: str) -> None:
    account = account_row()
    run = planned(account)
    (account if edited == "account" else managing).touch()

    with pytest.raises(MovedMeanwhile, match=r"was edited after .* Plan again"):
        approve(run, None)

    assert Run.objects.get().status == Status.PLANNED


def test_a_name_of_another_provider_of_another_account_is_taken() -> None:
    plan(account_row("web", providers={"ecs": {}}), None)
    twin = account_row("Web-ECS", account_id="933333333333")

    with pytest.raises(NameTaken, match=r"“Web-ECS”.*web \(922222222222\)"):
        plan(twin, None)

    assert not twin.runs.exists()


def test_only_runs_that_nobody_looks_after_are_abandoned() -> None:
    now = timezone.now()
    long_ago = now - timedelta(minutes=5)
    lost = plan(account_row(), None)
    leased = plan(account_row("b", account_id="9" * 12), None)
    queued = plan(account_row("c", account_id="8" * 12), None)
    waiting = planned(account_row("d", account_id="7" * 12))
    dead = plan(account_row("e", account_id="6" * 12), None)
    leased.take_lease()
    Run.objects.filter(pk__in=[queued.pk]).update(queued_at=now)
    Run.objects.filter(pk=dead.pk).update(queued_at=long_ago, leased_until=long_ago)

    abandoned = set(Run.objects.abandoned())

    assert abandoned == {lost, dead}
    assert waiting not in abandoned


def test_a_plan_is_approved_by_whoever_may_where_the_account_is() -> None:
    run = planned(account_row(environment="test"))
    ada, bob = (person("approver", username=name) for name in ("ada", "bob"))
    limit(ada, APPROVER, ["staging"], None)
    limit(bob, APPROVER, ["test"], None)

    with pytest.raises(Outside, match="applies to staging only"):
        approve(run, ada)

    assert Run.objects.get().status == Status.PLANNED
    assert approve(run, bob)


def test_discarding_locks_as_approving_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """It locks what Spinnaker loses, too, which others may hold with their own: the
    managing account comes before any account. SQLite knows no such lock.
    """
    account_row("web-prod", account_id=FIVE[1])
    run = losing_run(FIVE[:1] + FIVE[2:], account=account_row())
    locked: list[type[Model]] = []

    def lock(rows: QuerySet[Any], **_: Any) -> QuerySet[Any]:
        locked.append(rows.model)
        return rows

    monkeypatch.setattr(QuerySet, "select_for_update", lock)
    discard(run, None)
    discarded, locked[:] = list(locked), []
    other = account_row("other", account_id="9" * 12)
    approve(losing_run(FIVE[:1] + FIVE[2:], account=other), None)

    assert [*dict.fromkeys(discarded)] == [Run, ManagingAccount, ManagedAccount]
    assert [*dict.fromkeys(locked)] == [Run, ManagingAccount, ManagedAccount]
