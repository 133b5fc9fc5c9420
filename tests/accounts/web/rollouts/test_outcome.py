"""A rollout's badge and stages: what became of its accounts, and no state alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Rollout, Run
from accounts.models.states import Status
from accounts.runs.rollouts.census import Census, runs_of
from accounts.web.rollouts.views import speed, stages, standing_in, waves
from tests.accounts.runs.rollouts.rows import move, plan, started
from tests.accounts.web.rollouts.test_views import page

FINISHED = Rollout.State.FINISHED
PLANNED, FAILED, VERIFIED = Status.PLANNED, Status.FAILED, Status.VERIFIED


@pytest.fixture
def rollout(managing) -> Rollout:
    """Four accounts that wait for approval."""
    rollout = started(4)
    plan(rollout)
    return rollout


def test_nothing_is_green_where_everything_failed(viewer, managing) -> None:
    rollout = started(3)
    Run.objects.filter(rollout=rollout).update(status=FAILED)
    Rollout.objects.update(state=FINISHED)

    shown = page(viewer, rollout).partition("<main")[2]

    assert 'class="state state-bad">' in shown
    assert "3 failed" in shown
    assert "result-good" not in shown


def test_stages_count_what_each_has_done(rollout) -> None:
    one = runs_of(rollout).first()
    Run.objects.filter(pk=one.pk).update(status=FAILED, wave=None)

    planning, approving, *waves = stages(rollout, Census(rollout))

    assert (planning.state, planning.about) == ("done", "3 of 4, 1 failed")
    assert (approving.state, approving.about) == ("waiting", "0 of 3")
    assert {stage.state for stage in waves} == {"ahead"}


def test_failures_while_planning_have_a_row_among_the_waves(viewer, rollout) -> None:
    Run.objects.filter(pk=runs_of(rollout).first().pk).update(status=FAILED)

    shown = page(viewer, rollout)

    assert "<td>Planning</td>" in shown


def test_no_time_is_estimated_while_only_people_are_waited_for(rollout) -> None:
    move(rollout, PLANNED, VERIFIED, most=1)
    Run.objects.filter(status=VERIFIED).update(finished_at=timezone.now())

    assert speed(rollout, Census(rollout)) is None
    move(rollout, PLANNED, Status.APPLYING, most=1)
    assert speed(rollout, Census(rollout)) is not None


def test_the_pace_leaves_out_the_time_before_approval(rollout) -> None:
    move(rollout, PLANNED, VERIFIED, most=1)
    move(rollout, PLANNED, Status.APPLYING, most=1)
    now = timezone.now()
    approved = now - timedelta(seconds=30)
    Run.objects.filter(status=VERIFIED).update(finished_at=now, approved_at=approved)

    found = speed(rollout, Census(rollout))

    assert found is not None
    assert found.per_minute > 0.5


def test_plans_wait_for_approval_once_nothing_else_is_done(rollout) -> None:
    def waiting() -> int:
        return standing_in(rollout, Census(rollout), None).waiting

    assert waiting() == 4
    move(rollout, PLANNED, Status.PLANNING, most=1)
    assert waiting() == 0
    move(rollout, Status.PLANNING, PLANNED)
    rollout.state = Rollout.State.PAUSED
    assert waiting() == 0


def test_stopping_says_what_is_lost_before_it_can_be_pressed(operator, rollout) -> None:
    move(rollout, PLANNED, Status.APPLYING, most=1)

    shown = " ".join(page(operator, rollout).split())

    asks = shown.partition("Stop this rollout…")[2].partition("Stop rollout")[0]
    assert "3 accounts are not started" in asks
    assert "1 in progress continues to its end." in asks


def test_waves_end_with_the_rollout_although_an_account_moved_to_a_later_one(
    rollout,
) -> None:
    """What was retried counts in the wave in which it began again."""
    for number, run in enumerate(runs_of(rollout)):
        wave = 2 if number else 3
        Run.objects.filter(pk=run.pk).update(status=VERIFIED, wave=wave)

    found = list(waves(rollout, Census(rollout)))

    assert [(one.size, one.state) for one in found] == [
        (0, "done"),
        (3, "done"),
        (1, "done"),
    ]


def test_a_wave_is_over_once_the_next_one_begins(rollout) -> None:
    runs = [run.pk for run in runs_of(rollout)]
    Run.objects.filter(pk=runs[0]).update(status=FAILED, wave=1)
    Run.objects.filter(pk=runs[1]).update(status=Status.APPLYING, wave=2)
    rollout.first_wave = 2

    found = list(waves(rollout, Census(rollout)))

    assert [(one.size, one.state) for one in found] == [
        (1, "failed"),
        (1, "running"),
        (2, "pending"),
    ]


def test_a_wave_of_a_paused_rollout_waits_once_nothing_is_in_progress(rollout) -> None:
    run = runs_of(rollout).first()
    runs_of(rollout).exclude(pk=run.pk).update(status=Status.APPROVED)
    Run.objects.filter(pk=run.pk).update(status=Status.APPLYING, wave=3)
    rollout.state = Rollout.State.PAUSED
    *_, before = waves(rollout, Census(rollout))
    Run.objects.filter(pk=run.pk).update(status=FAILED)

    *_, after = waves(rollout, Census(rollout))

    assert (before.state, after.state) == ("running", "paused")
    assert stages(rollout, Census(rollout))[-1].state == "waiting"


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        ((), ("running", "0 of 4")),
        ((VERIFIED, FAILED), ("running", "2 of 4, 1 failed")),
        ((VERIFIED, VERIFIED, VERIFIED, FAILED), ("failed", "4 of 4, 1 failed")),
        ((FAILED,) * 4, ("failed", "4 of 4, 4 failed")),
    ],
)
def test_a_verification_has_one_stage(
    managing, ended: tuple, expected: tuple[str, str]
) -> None:
    rollout = started(4)
    rollout.kind = Rollout.Kind.VERIFY
    for run, status in zip(runs_of(rollout), ended, strict=False):
        Run.objects.filter(pk=run.pk).update(status=status)

    (verify,) = stages(rollout, Census(rollout))

    assert verify.title == "Verify"
    assert (verify.state, verify.about) == expected


def test_a_rollout_in_which_nothing_could_be_planned_has_failed(
    operator, managing
) -> None:
    rollout = started(3)
    runs_of(rollout).update(status=FAILED)
    Run.objects.filter(rollout=rollout, account=None).update(status=PLANNED)
    Rollout.objects.update(state=Rollout.State.PLANNED)
    rollout.refresh_from_db()

    shown = " ".join(page(operator, rollout).split())

    assert stages(rollout, Census(rollout))[0].state == "failed"
    assert "Nothing could be planned" in shown
    assert "Needs approval</h2>" not in shown
    assert "btn-primary" not in shown.partition('id="groups"')[2]
