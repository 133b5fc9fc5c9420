"""How often Bowline looks at what an owner does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.db.models import F
from django.utils import timezone

from accounts.models import Run
from accounts.models.states import Status
from accounts.runs.owners.looking import (
    FAILED,
    NOT_YET,
    claim,
    look_at_owners,
    pause_after,
)
from tests.rows import account_row, managing_row, run_row

TICK = timedelta(seconds=settings.CELERY_BEAT_SCHEDULE["look-at-owners"]["schedule"])


def waiting(**fields: Any) -> Run:
    now = timezone.now()
    account = account_row(made_by="owner", **fields)
    return run_row(Status.HANDED_OFF, account=account, awaited_from=now, look_at=now)


@pytest.mark.parametrize(
    ("waited", "pause"),
    [
        (timedelta(0), timedelta(seconds=30)),
        (timedelta(minutes=11), timedelta(minutes=5)),
        (timedelta(hours=2), timedelta(hours=1)),
        (timedelta(days=8), timedelta(days=1)),
        (timedelta(days=30), None),
    ],
)
def test_it_looks_often_first_and_then_less(
    waited: timedelta, pause: timedelta | None
) -> None:
    assert pause_after(waited, 0.0) == pause


def test_pauses_differ_a_little() -> None:
    assert pause_after(timedelta(0), 1.0) == timedelta(seconds=27)


@pytest.mark.django_db
def test_of_two_workers_only_one_looks() -> None:
    run = waiting()
    same = Run.objects.get(pk=run.pk)

    assert claim(run)
    assert not claim(same)
    assert Run.objects.get(pk=run.pk).look_at == run.look_at


def test_an_error_at_one_lets_the_others_be_looked_at(managing) -> None:
    waiting(name="first", account_id="1" * 12)
    waiting()

    opens = "accounts.runs.owners.looking.opens"
    with patch(opens, side_effect=[RuntimeError("unexpected"), False]):
        look_at_owners()

    said = Run.objects.order_by("number").values_list("waiting", flat=True)
    assert list(said) == [FAILED, NOT_YET]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("lasting", "fewest", "most"),
    [(timedelta(minutes=10), 15, 21), (timedelta(minutes=70), 26, 34)],
)
def test_the_schedule_alone_looks_as_often_as_planned(
    lasting: timedelta, fewest: int, most: int
) -> None:
    managing_row()
    waiting()

    # Time goes by as the rows move into the past.
    with patch("accounts.runs.owners.looking.opens", return_value=False) as opens:
        for _ in range(lasting // TICK):
            look_at_owners()
            Run.objects.update(
                look_at=F("look_at") - TICK, awaited_from=F("awaited_from") - TICK
            )

    assert fewest <= opens.call_count <= most
