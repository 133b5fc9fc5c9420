"""What people decide about a rollout: each press is done once, or not at all."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Activity, ManagedAccount, ManagingAccount, Rollout, Run
from accounts.models.states import State, Status
from accounts.runs import rollouts
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.batch import RolloutBatch
from accounts.runs.rollouts.census import managing_run, runs_of
from accounts.runs.rollouts.engine import advance
from accounts.runs.stages import COMMAND
from onboarding.aws.session import Sessions
from tests.accounts.runs.rollouts.rows import (
    DIGEST,
    SAME,
    accounts,
    move,
    plan,
    started,
    statuses,
)
from tests.rows import decider, person

pytestmark = pytest.mark.usefixtures("managing")

PLANNED, APPROVED, APPLYING = Status.PLANNED, Status.APPROVED, Status.APPLYING
VERIFIED, FAILED, DISCARDED = Status.VERIFIED, Status.FAILED, Status.DISCARDED


@pytest.fixture
def olga():
    return decider("olga")


@pytest.fixture
def rollout():
    """Five accounts that wait with the same changes, one of which was done."""
    row = started(5)
    plan(row)
    return row


def test_a_group_is_approved_at_once_with_one_entry_that_names_all(
    rollout, olga
) -> None:
    other = runs_of(rollout).first()
    Run.objects.filter(pk=other.pk).update(fingerprint="0b" * 16)

    approved = decisions.approve_group(rollout, SAME, olga, comment="Read all.")

    entry = Activity.objects.first()
    runs = runs_of(rollout).filter(status=APPROVED).order_by("number")
    assert (len(approved.done), approved.left) == (4, [])
    assert entry.detail["runs"] == [run.number for run in runs]
    assert entry.detail["comment"] == "Read all."
    assert {(r.approved_by, r.approval_comment) for r in runs} == {(olga, "Read all.")}
    assert {run.approved_digest for run in runs} == {DIGEST}
    assert statuses(rollout)[PLANNED] == 1


def test_two_presses_approve_once(rollout, olga) -> None:
    decisions.approve_group(rollout, SAME, olga)

    again = decisions.approve_group(rollout, SAME, person("approver"))

    assert (again.done, again.left) == ([], [])
    assert {run.approved_by for run in runs_of(rollout)} == {olga}


def test_an_edited_account_is_not_approved_with_the_group(rollout, olga) -> None:
    runs_of(rollout).first().account.touch()

    assert len(decisions.approve_group(rollout, SAME, olga).done) == 4


def test_an_account_that_is_edited_while_the_group_is_approved_is_left(
    rollout, olga
) -> None:
    runs = list(runs_of(rollout).order_by("number"))
    runs[0].account.touch()

    approved = decisions.approve_these(runs, olga, comment="")

    assert approved == runs[1:]


def test_approving_ten_times_as_many_takes_no_more_queries(olga) -> None:
    queries = []
    for count in (2, 20):
        Run.objects.all().delete()
        ManagedAccount.objects.all().delete()
        row = started(count, by=olga, environment="production")
        plan(row)
        another = person("approver", username=f"another {count}")
        with CaptureQueriesContext(connection) as captured:
            approved = decisions.approve_group(row, SAME, another)
        assert len(approved.done) == count
        queries.append(len(captured))

    assert queries[0] == queries[1]


def test_whoever_planned_in_production_leaves_it_to_somebody_else(olga) -> None:
    row = started(2, by=olga, environment="production")
    plan(row)

    approved = decisions.approve_group(row, SAME, olga)

    assert approved.done == []
    (reason,) = approved.reasons
    assert reason.startswith("team-001, team-002: In production")
    assert statuses(row) == {PLANNED: 2}


def test_whoever_described_in_production_leaves_it_to_somebody_else(olga) -> None:
    row = started(3, environment="production")
    plan(row)
    first, *_ = runs_of(row).order_by("number")
    first.account.authors.add(olga)

    approved = decisions.approve_group(row, SAME, olga)

    assert len(approved.done) == 2
    (reason,) = approved.reasons
    assert reason.startswith("team-001: In production")
    assert "olga edited the account" in reason


def test_whoever_planned_and_described_elsewhere_may_approve(olga) -> None:
    row = started(2, by=olga, environment="staging")
    for account in ManagedAccount.objects.all():
        account.authors.add(olga)
    plan(row)

    assert len(decisions.approve_group(row, SAME, olga).done) == 2


def test_a_second_decision_names_only_what_it_approved(rollout, olga) -> None:
    first, *others = runs_of(rollout).order_by("number")
    decisions.approve_group(rollout, SAME, olga, read={first.number})

    approved = decisions.approve_group(rollout, SAME, olga)

    assert (len(approved.done), approved.left) == (4, [])
    assert Activity.objects.first().detail["runs"] == [one.number for one in others]


def test_nothing_is_said_of_plans_that_were_not_read(olga) -> None:
    row = started(2, by=olga, environment="production")
    plan(row)

    none = decisions.approve_group(row, SAME, olga, read=set())

    assert (none.done, none.left) == ([], [])


def test_no_group_of_another_rollout_is_approved(rollout, olga) -> None:
    Rollout.objects.filter(pk=rollout.pk).update(state=Rollout.State.STOPPED)

    with pytest.raises(decisions.Unchanged, match="is stopped"):
        decisions.approve_group(rollout, SAME, olga)


def test_stopping_discards_what_did_not_begin_and_lets_the_rest_end(
    rollout, olga
) -> None:
    decisions.approve_group(rollout, SAME, olga)
    advance(rollout.number)

    decisions.stop(rollout, olga)
    advance(rollout.number)

    rollout.refresh_from_db()
    left = runs_of(rollout).filter(status=DISCARDED)
    assert statuses(rollout) == {APPLYING: 1, DISCARDED: 4}
    assert {run.account.state for run in left} == {State.DRAFT}
    assert rollout.state == Rollout.State.STOPPED
    assert rollout.reason == "olga stopped it."


def test_stopping_while_it_is_planned_puts_the_managing_account_back(olga) -> None:
    row = started(2)
    managing = managing_run(row)
    managing.move(PLANNED, since=(Status.PLANNING,))
    ManagingAccount.objects.wait_for_approval()

    decisions.stop(row, olga)

    managing.refresh_from_db()
    assert managing.status == DISCARDED
    assert ManagingAccount.objects.get().state == State.DRAFT
    assert statuses(row) == {DISCARDED: 2}


def test_a_stopped_one_lets_its_accounts_go(rollout, olga) -> None:
    decisions.stop(rollout, olga)

    another = rollouts.start(
        [run.account for run in runs_of(rollout)], Rollout.Kind.ONBOARD, olga
    )

    assert runs_of(another).count() == 5


@pytest.mark.parametrize("decide", [decisions.pause, decisions.stop])
def test_what_has_ended_is_neither_paused_nor_stopped(rollout, olga, decide) -> None:
    move(rollout, PLANNED, VERIFIED)

    assert rollout.state == Rollout.State.FINISHED
    with pytest.raises(decisions.Unchanged, match="is finished"):
        decide(rollout, olga)


def test_only_what_is_paused_is_resumed(rollout, olga) -> None:
    with pytest.raises(decisions.Unchanged):
        decisions.resume(rollout, olga)
    decisions.pause(rollout, olga)
    with pytest.raises(decisions.Unchanged, match="olga paused it"):
        decisions.pause(rollout, olga)
    assert decisions.resume(rollout, olga).state == Rollout.State.PLANNING


def test_only_what_failed_is_retried(rollout, olga) -> None:
    move(rollout, PLANNED, FAILED, most=2)
    ManagedAccount.objects.all().grant()

    retried = decisions.retry(rollout, olga)

    assert retried == 2
    assert statuses(rollout) == {Status.PLANNING: 2, PLANNED: 3}
    assert Run.objects.filter(rollout=rollout, retried=True).count() == 2


def test_only_the_accounts_that_are_named_are_retried(rollout, olga) -> None:
    move(rollout, PLANNED, FAILED, most=2)
    ManagedAccount.objects.all().grant()
    failed = runs_of(rollout).filter(status=FAILED).first()

    retried = decisions.retry(rollout, olga, among=[failed.account_id])

    assert retried == 1
    assert statuses(rollout) == {Status.PLANNING: 1, FAILED: 1, PLANNED: 3}


def test_a_finished_one_begins_again_where_something_is_retried(rollout, olga) -> None:
    move(rollout, PLANNED, FAILED)
    assert rollout.state == Rollout.State.FINISHED

    decisions.retry(rollout, olga)

    rollout.refresh_from_db()
    assert (rollout.state, rollout.finished_at) == (Rollout.State.PLANNING, None)


def test_nothing_is_retried_of_a_stopped_one(rollout, olga) -> None:
    decisions.approve_group(rollout, SAME, olga)
    advance(rollout.number)
    move(rollout, APPLYING, FAILED)
    decisions.stop(rollout, olga)

    with pytest.raises(rollouts.CannotStart, match="was stopped"):
        decisions.retry(rollout, olga)


def test_nothing_is_retried_where_nothing_failed(rollout, olga) -> None:
    with pytest.raises(rollouts.CannotStart, match="failed"):
        decisions.retry(rollout, olga)


def test_an_edit_of_the_managing_account_leaves_nothing_to_retry(rollout, olga) -> None:
    move(rollout, PLANNED, VERIFIED)
    ManagedAccount.objects.all().grant()
    ManagingAccount.objects.get().touch()

    with pytest.raises(rollouts.CannotStart, match="failed"):
        decisions.retry(rollout, olga)


def test_what_is_retried_after_an_edit_of_the_managing_account_comes_after_its_plan(
    rollout, olga
) -> None:
    move(rollout, PLANNED, FAILED, most=1)
    ManagedAccount.objects.all().grant()
    before = managing_run(rollout)
    ManagingAccount.objects.get().touch()

    decisions.retry(rollout, olga)

    assert managing_run(rollout).number > before.number


def test_the_managing_account_is_planned_again_where_it_failed(rollout, olga) -> None:
    Run.objects.filter(pk=managing_run(rollout).pk).update(status=FAILED)

    decisions.retry(rollout, olga)

    again = managing_run(rollout)
    assert again.status == Status.PLANNING
    assert again.grants.count() == 5


@pytest.mark.parametrize(("first", "resumes"), [(FAILED, False), (VERIFIED, True)])
def test_a_command_plans_all_again_where_the_managing_account_failed(
    first: Status, resumes: bool
) -> None:
    chosen = accounts(2)
    rollout = rollouts.start(chosen, Rollout.Kind.ONBOARD, None, origin=COMMAND)
    Run.objects.update(status=FAILED)
    Run.objects.filter(kind=Run.Kind.MANAGING).update(status=first)
    advance(rollout.number)

    batch = RolloutBatch(Sessions("bowline"), None, 1)

    assert batch.resume(chosen, {}) is resumes
    assert Run.objects.filter(retried=True).exists() is resumes


def test_an_account_that_another_rollout_took_is_not_retried(rollout, olga) -> None:
    move(rollout, PLANNED, FAILED, most=1)
    failed = runs_of(rollout).get(status=FAILED)
    another = rollouts.start([failed.account], Rollout.Kind.ONBOARD, olga)

    with pytest.raises(rollouts.CannotStart, match=f"rollout {another.number}"):
        decisions.retry(rollout, olga)

    failed.refresh_from_db()
    assert not failed.retried
