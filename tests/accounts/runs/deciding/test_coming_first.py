"""What a plan says that waits for the managing account's own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Run
from accounts.models.states import Status
from accounts.people.reach import DecisionReach, as_stored
from accounts.runs.deciding.approving import waiting_among, what_first
from tests.rows import account_row, run_row


@pytest.mark.parametrize(
    ("own", "says"),
    [
        (None, "First plan core and approve that plan."),
        (Run(number=2), "Its plan, Run 2, must be approved first."),
        (
            Run(number=2, approved_at=timezone.now()),
            "Its run, Run 2, must end first.",
        ),
    ],
)
def test_a_plan_names_what_comes_first(own: Run | None, says: str) -> None:
    assert what_first("core", own) == says


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "after", "waits"),
    [
        (Status.VERIFIED, timedelta(minutes=1), False),
        (Status.VERIFIED, -timedelta(minutes=1), True),
        (Status.OUTDATED, timedelta(minutes=1), True),
    ],
)
def test_a_plan_waits_until_the_managing_accounts_own_was_applied_since(
    status: str, after: timedelta, waits: bool
) -> None:
    at = timezone.now()
    reach = as_stored(DecisionReach(), "", managing_first=True)
    run = run_row(Status.PLANNED, account=account_row(), reach=reach, moved_at=at)
    managing = {"account": None, "kind": Run.Kind.MANAGING}
    run_row(status, finished_at=at + after, **managing)

    assert waiting_among([run]) == ({run.pk} if waits else set())
