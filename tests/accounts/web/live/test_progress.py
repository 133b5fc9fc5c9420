"""How long the work will still take, estimated from what ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Run
from accounts.models.states import Status
from accounts.web.live.views import Progress, progress_of, seconds_left, work_of
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
