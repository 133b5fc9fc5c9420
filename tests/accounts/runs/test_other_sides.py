"""What each side of a run knows of the other one, where both are in one AWS account."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.mapping.snapshots import keep_snapshot, managing_snapshot
from accounts.models import ManagedAccount
from accounts.models.states import Status
from accounts.runs.scope import Scope, Side
from onboarding.resources.kinds import Attachment
from onboarding.resources.policy import QuotaExceeded
from tests.rows import account_row, managing_row, run_row

pytestmark = pytest.mark.django_db

HERE = "911111111111"


def existing(**fields: Any) -> ManagedAccount:
    given = {"account_id": HERE, "granted_at": timezone.now(), **fields}
    return account_row("core", **given)


def loaded(account: ManagedAccount | None, **fields: Any) -> Scope:
    return Scope.load(run_row(Status.PLANNING, account=account, **fields))


def attached(side: Side) -> set[str]:
    return {one.policy for one in side.other_side if isinstance(one, Attachment)}


MANAGING_SIDE = {"BowlineAssumeManaged", "BowlineRegionLookup"}
MANAGED_SIDE = {"BowlineCachingRead", "BowlineEC2Read", "BowlineEC2Write"}


def test_sides_in_two_aws_accounts_know_nothing_of_each_other() -> None:
    managing_row()

    managing, managed = loaded(account_row()).sides

    assert (managing.other_side, managed.other_side) == ((), ())


def test_sides_in_one_know_what_the_other_one_attaches() -> None:
    managing_row()

    managing, managed = loaded(existing()).sides

    assert (attached(managing), attached(managed)) == (MANAGED_SIDE, MANAGING_SIDE)


def test_so_they_do_where_another_run_covers_the_managing_side() -> None:
    managing_row()

    (managed,) = loaded(existing(), alone=True).sides

    assert attached(managed) == MANAGING_SIDE


@pytest.mark.parametrize("is_own", [True, False])
def test_the_managing_side_knows_it_in_runs_of_others(is_own: bool) -> None:
    managing_row()
    existing()

    scope = loaded(None if is_own else account_row())

    assert attached(scope.sides[0]) == MANAGED_SIDE


def test_what_was_never_applied_is_not_there() -> None:
    managing_row()
    existing(granted_at=None)

    assert loaded(account_row()).sides[0].other_side == ()


def test_what_is_in_force_counts_and_not_what_was_edited_since() -> None:
    row = managing_row(bakes=True)
    keep_snapshot(row, managing_snapshot(row))
    row.bakes = False
    row.save()

    _, managed = loaded(existing()).sides

    assert attached(managed) == {*MANAGING_SIDE, "BowlineBake"}


def test_details_that_cannot_be_read_stop_no_run_of_others() -> None:
    managing_row()
    existing(providers={"ecs": {"access": "none such"}})

    assert loaded(account_row()).sides[0].other_side == ()


def test_a_quota_of_the_managing_side_stops_no_run_that_leaves_it_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def exceeded(*_: Any) -> None:
        raise QuotaExceeded("Too many.")

    managing_row()
    monkeypatch.setattr("accounts.runs.scope.managing_resources", exceeded)

    (managed,) = loaded(existing(), alone=True).sides

    assert managed.other_side == ()


def test_knowing_it_takes_one_query_where_there_is_no_other_side() -> None:
    managing_row()
    account = account_row()
    run = run_row(Status.PLANNING, account=account)

    with CaptureQueriesContext(connection) as queries:
        Scope.load(run)

    asked = [q["sql"] for q in queries if HERE in q["sql"]]
    assert len(asked) == 1
