"""How long the work will still take, estimated from what ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Rollout, Run
from accounts.models.states import OPEN, WORKING, Status
from accounts.web.live.views import (
    WAITING,
    Progress,
    progress_of,
    seconds_left,
    work_of,
)
from tests.rows import account_row, run_row


@pytest.mark.parametrize(
    ("done", "working", "elapsed", "left"),
    [(3, 5, 360, 600), (1, 1, 30, 30), (10, 0, 60, 0), (0, 8, 60, None)],
)
def test_what_is_left_takes_as_long_as_what_ended(
    done: int, working: int, elapsed: int, left: float | None
) -> None:
    assert seconds_left(done, working, timedelta(seconds=elapsed)) == left


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (59, "less than a minute left"),
        (60, "about 1 min left"),
        (600, "about 10 min left"),
        (3600, "about 1 h left"),
        (9000, "about 2 h left"),
    ],
)
def test_the_time_left_is_said_roughly(seconds: float | None, said: str) -> None:
    assert Progress(3, 8, seconds).left == said


def test_a_large_batch_is_counted_readably() -> None:
    assert Progress(1200, 10_000).counted == "1,200 of 10,000"


@pytest.mark.django_db
def test_waiting_for_a_wave_is_no_work_that_time_is_estimated_from() -> None:
    now = timezone.now()
    long_ago, lately = now - timedelta(minutes=12), now - timedelta(seconds=5)
    statuses = (Status.VERIFIED, Status.APPLYING, Status.APPLYING)
    for number, status in enumerate(statuses):
        account = account_row(f"a{number}", account_id=f"{number:012}")
        run_row(status, account=account, approved_at=long_ago)
    Run.objects.filter(status=Status.VERIFIED).update(moved_at=now)
    Run.objects.filter(status=Status.APPLYING).update(moved_at=lately)

    progress = progress_of(Run.objects.all(), work_of(Run.objects.all()))

    assert progress is not None
    assert (progress.done, progress.total) == (1, 3)
    assert progress.left == "less than a minute left"


WAITS = "2 wait for approval, an owner, or their wave"


@pytest.mark.django_db
@pytest.mark.parametrize("working", WORKING)
@pytest.mark.parametrize("waiting", [*OPEN, None])
@pytest.mark.parametrize("same", [False, True])
def test_no_time_is_left_to_what_waits_for_a_person(working, waiting, same) -> None:
    """A rollout isn't done in a minute if its other plans wait for an approval."""
    now = timezone.now()
    rollout, other = Rollout.objects.create(), Rollout.objects.create()
    statuses = (Status.FAILED, working, *([waiting] * 2 if waiting else []))
    for number, status in enumerate(statuses):
        account = account_row(f"a{number}", account_id=f"{number:012}")
        run = run_row(status, account=account)
        of = rollout if same or status == working else other
        moved = now - timedelta(seconds=5) if status == working else now
        Run.objects.filter(pk=run.pk).update(rollout=of, moved_at=moved)

    progress = progress_of(Run.objects.all(), work_of(Run.objects.all()))

    assert progress is not None
    if {working, waiting} & {*WORKING} == {Status.PLANNING}:
        assert progress.left == "less than a minute left to plan"
    elif same and waiting in WAITING:
        assert (progress.left, progress.done) == (WAITS, 1)
    else:
        assert progress.left == "less than a minute left"
