"""How often Bowline looks at what an owner does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Run
from accounts.models.states import Status
from accounts.runs.owners.looking import claim
from accounts.runs.owners.pace import pause_after
from tests.rows import account_row, run_row


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
    assert pause_after(timedelta(0), 1.0) == timedelta(seconds=33)


@pytest.mark.django_db
def test_of_two_workers_only_one_looks() -> None:
    run = run_row(
        Status.HANDED_OFF,
        account=account_row(made_by="owner"),
        awaited_from=timezone.now(),
        look_at=timezone.now(),
    )
    same = Run.objects.get(pk=run.pk)

    assert claim(run)
    assert not claim(same)
    assert Run.objects.get(pk=run.pk).look_at == run.look_at
