"""A rollout starts as a whole, or says whom it leaves out and why."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

import pytest

from accounts.models import Activity, ManagedAccount, Rollout, Run, SpinnakerName
from accounts.models.states import State, Status
from accounts.runs import actions, rollouts
from accounts.runs.rollouts.census import managing_run, runs_of
from tests.accounts.runs.rollouts.rows import accounts, started
from tests.rows import account_row, person, run_row

pytestmark = pytest.mark.usefixtures("managing")

ONBOARD, VERIFY = Rollout.Kind.ONBOARD, Rollout.Kind.VERIFY


def test_each_account_is_planned_alone_and_the_managing_one_for_all() -> None:
    olga = person("operator", username="olga")

    rollout = started(3, by=olga)

    runs = list(runs_of(rollout).order_by("number"))
    first = managing_run(rollout)
    assert [run.account_name for run in runs] == ["team-001", "team-002", "team-003"]
    assert {(run.status, run.alone, run.created_by_name) for run in runs} == {
        (Status.PLANNING, True, "olga")
    }
    assert first is not None
    assert {one.name for one in first.grants.all()} == {r.account_name for r in runs}
    assert rollout.state == Rollout.State.PLANNING


def test_one_entry_of_the_activity_log_says_who_started_it() -> None:
    olga = person("operator", username="olga")

    rollout = started(3, by=olga)

    entry = Activity.objects.first()
    assert str(entry) == f"olga planned Rollout {rollout.number}: 3 accounts"


def test_what_a_worker_needs_is_sent_once_the_rows_are_there(
    django_capture_on_commit_callbacks,
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        started(30)

    logged = [one for one in callbacks if isinstance(one, partial)]  # a line a run
    assert len(callbacks) - len(logged) < 6  # and not one an account


def test_an_account_of_another_rollout_refuses_the_whole_by_name() -> None:
    first = started(2)
    managing_run(first).move(Status.VERIFIED, since=(Status.PLANNING,))
    another = account_row("other", account_id="888888888888")

    with pytest.raises(rollouts.CannotStart) as refused:
        rollouts.start([*ManagedAccount.objects.all(), another], ONBOARD, None)

    assert f"team-001 (rollout {first.number})" in str(refused.value)
    assert f"team-002 (rollout {first.number})" in str(refused.value)
    assert "other" not in str(refused.value).split(": ")[1]
    assert Rollout.objects.get() == first
    assert not another.runs.exists()


def test_an_account_with_a_run_in_progress_is_left_out_by_name() -> None:
    one, two = accounts(2)
    run_row(Status.APPLYING, account=one)

    rollout = rollouts.start([one, two], ONBOARD, None)

    (reason,) = rollout.excluded
    assert reason.startswith("team-001: Run ")
    assert [run.account for run in runs_of(rollout)] == [two]


def test_a_plan_that_waits_by_itself_makes_way() -> None:
    (one,) = accounts(1)
    waiting = run_row(Status.PLANNED, account=one)

    rollout = rollouts.start([one], ONBOARD, None)

    waiting.refresh_from_db()
    assert waiting.status == Status.DISCARDED
    assert runs_of(rollout).get().account == one


def test_whoever_would_wait_for_an_owner_is_not_removed_with_others() -> None:
    first, second = accounts(2, applied=[{}])
    ManagedAccount.objects.filter(pk=second.pk).update(made_by="owner")
    second.refresh_from_db()

    rollout = rollouts.start([first, second], Rollout.Kind.REMOVE, None)

    assert [run.account_name for run in runs_of(rollout)] == [first.name]
    assert rollout.excluded == [
        f"{second.name}: Its owner deletes the roles. Remove this account separately."
    ]


def test_nothing_is_started_where_every_account_is_left_out() -> None:
    (one,) = accounts(1)
    run_row(Status.APPLYING, account=one)

    with pytest.raises(rollouts.CannotStart, match="team-001"):
        rollouts.start([one], ONBOARD, None)

    assert not Rollout.objects.exists()
    assert Run.objects.count() == 1


def test_names_that_spinnaker_would_know_twice_are_left_out() -> None:
    one, two = accounts(2)
    actions.claim_names(one)
    ManagedAccount.objects.filter(pk=two.pk).update(name="team-000")
    actions.claim_names(two)
    ManagedAccount.objects.filter(pk=two.pk).update(name="team-002")
    one.spinnaker_names.update(account=two)

    rollout = rollouts.start(ManagedAccount.objects.all(), ONBOARD, None)

    assert [text.split(":")[0] for text in rollout.excluded] == ["team-001"]


def test_names_that_nobody_has_are_claimed_with_few_queries(
    django_assert_max_num_queries,
) -> None:
    chosen = accounts(40)

    with django_assert_max_num_queries(45):
        rollouts.start(chosen, ONBOARD, None)

    assert SpinnakerName.objects.count() == 40


def test_a_verification_begins_at_once_and_changes_no_managing_account() -> None:
    accounts(2, state=State.VERIFIED, granted_at="2026-01-01T00:00Z")
    draft = account_row("draft", account_id="888888888888")

    rollout = rollouts.start(ManagedAccount.objects.all(), VERIFY, None)

    assert {run.status for run in runs_of(rollout)} == {Status.VERIFYING}
    assert managing_run(rollout) is None
    assert [text.split(":")[0] for text in rollout.excluded] == [draft.name]


def test_one_account_of_a_rollout_cannot_be_planned_by_itself() -> None:
    rollout = started(1)
    managing_run(rollout).move(Status.VERIFIED, since=(Status.PLANNING,))
    run = runs_of(rollout).get()
    run.move(Status.PLANNED, since=(Status.PLANNING,))

    with pytest.raises(actions.RunOpen, match=f"part of rollout {rollout.number}"):
        actions.plan(run.account, None)

    run.refresh_from_db()
    assert run.status == Status.PLANNED


def test_a_plan_that_is_approved_at_the_same_moment_is_not_discarded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = account_row()
    run = run_row(Status.PLANNED, account=row)
    start = import_module("accounts.runs.rollouts.start")
    in_slices = start.in_slices

    def approved_meanwhile(keys: list[Any]) -> Any:
        if keys == [run.pk]:
            Run.objects.filter(pk=run.pk).update(status=Status.APPLYING)
        return in_slices(keys)

    monkeypatch.setattr(start, "in_slices", approved_meanwhile)

    with pytest.raises(rollouts.CannotStart, match=f"Run {run.number}, a plan for"):
        rollouts.start([row], ONBOARD, None)

    assert Run.objects.get() == run
