"""A rollout's badge and stages: what became of its accounts, and no state alone."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import Rollout, Run
from accounts.models.states import Status
from accounts.runs.rollouts.census import Census, runs_of
from accounts.web.rollouts.progress import outcome, speed, stages
from accounts.web.rollouts.views import waiting_in
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


@pytest.mark.parametrize(
    ("counts", "colour", "text"),
    [
        ((FINISHED, 64, 0), "good", "64 done"),
        ((FINISHED, 64, 11), "warn", "64 done, 11 failed"),
        ((FINISHED, 0, 75), "bad", "75 failed"),
        ((FINISHED, 0, 0), "good", "finished"),
        ((Rollout.State.PLANNED, 0, 11, 64), "warn", "64 need approval, 11 failed"),
        ((Rollout.State.PLANNED, 0, 0, 1), "busy", "1 needs approval"),
        ((Rollout.State.STOPPED, 3, 2), "neutral", "stopped"),
        ((Rollout.State.APPLYING, 3, 2), "busy", "applying"),
    ],
)
def test_the_badge_says_what_became_of_the_accounts(
    counts: tuple, colour: str, text: str
) -> None:
    found = outcome(*counts)

    assert (found.colour, found.text) == (colour, text)


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
    assert "Failures during planning" in shown


def test_no_time_is_estimated_while_only_people_are_waited_for(rollout) -> None:
    move(rollout, PLANNED, VERIFIED, most=1)
    Run.objects.filter(status=VERIFIED).update(finished_at=timezone.now())

    assert speed(rollout, Census(rollout)) is None
    move(rollout, PLANNED, Status.APPLYING, most=1)
    assert speed(rollout, Census(rollout)) is not None


def test_plans_wait_for_approval_once_nothing_else_is_done(rollout) -> None:
    assert waiting_in(rollout, Census(rollout)) == 4
    move(rollout, PLANNED, Status.PLANNING, most=1)
    assert waiting_in(rollout, Census(rollout)) == 0
    move(rollout, Status.PLANNING, PLANNED)
    rollout.state = Rollout.State.PAUSED
    assert waiting_in(rollout, Census(rollout)) == 0


def test_stopping_says_what_is_lost_before_it_can_be_pressed(operator, rollout) -> None:
    move(rollout, PLANNED, Status.APPLYING, most=1)

    shown = " ".join(page(operator, rollout).split())

    asks = shown.partition("Stop this rollout…")[2].partition("Stop rollout")[0]
    assert "3 accounts are not started" in asks
    assert "1 in progress continues to its end." in asks
