"""A rollout goes on by itself: in waves, never twice, and never past its limits."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models.functions import Now

from accounts.models import Activity, ManagedAccount, Rollout, Run
from accounts.models.lease import LEASE
from accounts.models.states import State, Status
from accounts.runs.actions import approve
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.census import managing_run, runs_of
from accounts.runs.rollouts.engine import advance, advance_after, send
from onboarding.resources.take_over import TakeOver
from tests.accounts.runs.rollouts.rows import SAME, move, plan, started, statuses
from tests.rows import person

pytestmark = pytest.mark.usefixtures("managing")

PLANNED, APPROVED, APPLYING = Status.PLANNED, Status.APPROVED, Status.APPLYING
VERIFIED, FAILED = Status.VERIFIED, Status.FAILED


@pytest.fixture
def approved():
    """A rollout of 12 accounts, all approved; nobody let it go on yet."""
    rollout = started(12)
    plan(rollout)
    decisions.approve_group(rollout, SAME, person("approver"))
    return rollout


def test_it_waits_for_approval_once_all_is_planned() -> None:
    rollout = started(3)

    plan(rollout)

    assert rollout.state == Rollout.State.PLANNED


def test_an_approved_account_waits_for_its_wave_and_is_no_different_yet(
    approved,
) -> None:
    run = runs_of(approved).first()

    assert statuses(approved) == {APPROVED: 12}
    assert run.account.state == State.DRAFT


def test_one_account_starts_and_then_ten_percent_and_then_the_rest(approved) -> None:
    seen = []

    advance(approved.number)
    seen.append(statuses(approved))
    move(approved, APPLYING, VERIFIED)
    seen.append(statuses(approved))
    move(approved, APPLYING, VERIFIED)
    seen.append(statuses(approved))

    assert seen == [
        {APPLYING: 1, APPROVED: 11},
        {VERIFIED: 1, APPLYING: 2, APPROVED: 9},
        {VERIFIED: 3, APPLYING: 9},
    ]
    assert approved.state == Rollout.State.APPLYING
    assert sorted(runs_of(approved).values_list("wave", flat=True)) == [
        1,
        2,
        2,
        *[3] * 9,
    ]


def test_whoever_starts_an_account_says_so_on_the_account(approved) -> None:
    advance(approved.number)

    run = runs_of(approved).get(status=APPLYING)
    assert run.account.state == State.APPLYING


def test_an_account_that_was_edited_keeps_its_state(approved) -> None:
    """Its worker finds the edit, and outdates the run."""
    runs_of(approved).order_by("number").first().account.touch()

    advance(approved.number)

    run = runs_of(approved).get(status=APPLYING)
    assert run.account.state != State.APPLYING


def test_a_second_copy_starts_nothing(approved) -> None:
    advance(approved.number)
    advance(approved.number)

    assert statuses(approved) == {APPLYING: 1, APPROVED: 11}


def test_a_plan_that_is_discarded_while_it_is_chosen_is_not_started(approved) -> None:
    first = runs_of(approved).order_by("number").first()
    left = [first]

    def discard(execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        if left and "ORDER BY" in sql and APPROVED in params:
            Run.objects.filter(pk=left.pop().pk).update(status=Status.DISCARDED)
        return answer

    with connection.execute_wrapper(discard):
        advance(approved.number)

    first.refresh_from_db()
    assert not left
    assert first.status == Status.DISCARDED


@pytest.mark.parametrize("status", [APPLYING, FAILED])
def test_nothing_starts_before_the_managing_account_is_verified(
    approved, status: Status
) -> None:
    Run.objects.filter(pk=managing_run(approved).pk).update(status=status)

    advance(approved.number)

    assert statuses(approved) == {APPROVED: 12}


def test_the_first_failure_pauses_it_and_says_why(approved) -> None:
    advance(approved.number)

    move(approved, APPLYING, FAILED, moved_at=Now())

    assert approved.state == Rollout.State.PAUSED
    assert (
        approved.reason == "1 failed account of 1 in wave 1 reached the limit of 10%."
    )
    assert statuses(approved) == {FAILED: 1, APPROVED: 11}
    assert str(Activity.objects.first()) == f"Bowline paused {approved}"


def test_a_resumed_one_goes_on_past_what_failed_before(approved) -> None:
    advance(approved.number)
    move(approved, APPLYING, FAILED, moved_at=Now())

    decisions.resume(approved, person("operator"))
    advance(approved.number)

    assert statuses(approved) == {FAILED: 1, APPLYING: 1, APPROVED: 10}


def test_one_that_takes_roles_over_waits_for_people_after_each_wave(approved) -> None:
    take_over = TakeOver(detaches=frozenset(["a" * 64])).as_json()
    Rollout.objects.filter(pk=approved.pk).update(take_over=take_over)
    advance(approved.number)
    move(approved, APPLYING, VERIFIED, moved_at=Now())

    assert approved.state == Rollout.State.PAUSED
    assert approved.reason.startswith("Wave 1 is done.")
    assert statuses(approved) == {VERIFIED: 1, APPROVED: 11}

    decisions.resume(approved, person("operator"))
    advance(approved.number)

    assert statuses(approved) == {VERIFIED: 1, APPLYING: 2, APPROVED: 9}


def test_a_paused_one_starts_nothing_and_what_runs_ends(approved) -> None:
    advance(approved.number)
    decisions.pause(approved, person("operator"))

    move(approved, APPLYING, VERIFIED)

    assert approved.state == Rollout.State.PAUSED
    assert statuses(approved) == {VERIFIED: 1, APPROVED: 11}


def test_it_is_finished_when_every_account_has_ended(approved) -> None:
    for _ in range(3):
        advance(approved.number)
        move(approved, APPLYING, VERIFIED)

    assert approved.state == Rollout.State.FINISHED
    assert approved.finished_at is not None


def test_no_more_run_at_once_than_it_says(approved) -> None:
    Rollout.objects.update(at_once=2, second_percent=50)
    advance(approved.number)
    move(approved, APPLYING, VERIFIED)

    first = statuses(approved)[APPLYING]
    move(approved, APPLYING, VERIFIED, most=1)
    second = statuses(approved)[APPLYING]
    runs_of(approved).filter(status=APPLYING).update(leased_until=Now() + LEASE)
    advance(approved.number)

    assert (first, second, statuses(approved)[APPLYING]) == (2, 2, 2)


def test_more_run_at_once_where_workers_carry_all_of_them(
    approved, monkeypatch
) -> None:
    monkeypatch.setattr(Rollout, "AT_ONCE", 4)
    Rollout.objects.update(at_once=4, second_percent=1)
    for _ in range(2):
        advance(approved.number)
        move(approved, APPLYING, VERIFIED)
    begun = runs_of(approved).filter(status=APPLYING)

    counts = [begun.count()]
    for carried in (3, 4, 5):
        some = list(begun.values_list("pk", flat=True)[:carried])
        begun.filter(pk__in=some).update(leased_until=Now() + LEASE)
        advance(approved.number)
        counts.append(begun.count())
    begun.update(leased_until=Now() - LEASE)
    advance(approved.number)

    assert counts == [4, 4, 5, 7]
    assert begun.count() == 7


def test_accounts_approved_one_by_one_wait_for_their_wave_too() -> None:
    rollout = started(2)
    plan(rollout)
    olga = person("approver")

    for run in runs_of(rollout):
        approve(run, olga)

    assert statuses(rollout) == {APPROVED: 2}


def test_a_plan_without_changes_is_verified_outside_the_waves() -> None:
    rollout = started(2)
    managing = managing_run(rollout)
    Run.objects.filter(pk=managing.pk).update(status=VERIFIED)

    move(rollout, Status.PLANNING, Status.VERIFYING)
    before = rollout.state
    move(rollout, Status.VERIFYING, VERIFIED)

    assert (before, rollout.state) == (Rollout.State.PLANNING, Rollout.State.FINISHED)


def test_of_many_that_are_planned_the_last_one_advances_it(
    django_assert_num_queries,
) -> None:
    rollout = started(2)
    first, last = runs_of(rollout).order_by("number")

    first.move(PLANNED, since=(Status.PLANNING,))
    with django_assert_num_queries(1):
        advance_after(first)
    managing_run(rollout).move(PLANNED, since=(Status.PLANNING,))
    last.move(PLANNED, since=(Status.PLANNING,))
    advance_after(last)

    rollout.refresh_from_db()
    assert rollout.state == Rollout.State.PLANNED


def test_each_run_is_sent_to_a_worker_once(approved, monkeypatch) -> None:
    sent = []

    def wake(*runs) -> None:
        for run in runs:
            sent.append(run.pk)
            Run.objects.filter(pk=run.pk).update(queued_at=Now())

    monkeypatch.setattr("accounts.runs.rollouts.engine.wake", wake)
    advance(approved.number)

    send(approved.number)
    send(approved.number)

    managing = managing_run(approved)
    assert sent == [runs_of(approved).get(status=APPLYING).pk]
    assert managing.pk not in sent
    assert ManagedAccount.objects.filter(state=State.APPLYING).count() == 1


def test_it_is_not_planned_before_the_managing_account_is() -> None:
    rollout = started(2)

    move(rollout, Status.PLANNING, PLANNED)
    before = rollout.state
    managing_run(rollout).move(PLANNED, since=(Status.PLANNING,))
    advance(rollout.number)

    rollout.refresh_from_db()
    assert (before, rollout.state) == (Rollout.State.PLANNING, Rollout.State.PLANNED)


def test_it_waits_for_the_managing_account_though_all_others_are_approved(
    approved,
) -> None:
    managing = managing_run(approved)
    said = []

    for status, at in ((Status.PLANNING, None), (PLANNED, None), (APPLYING, Now())):
        Run.objects.filter(pk=managing.pk).update(status=status, approved_at=at)
        advance(approved.number)
        approved.refresh_from_db()
        said.append(approved.state)

    assert said == [
        Rollout.State.PLANNING,
        Rollout.State.PLANNED,
        Rollout.State.APPLYING,
    ]
