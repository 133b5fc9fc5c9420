"""Which roles on the list in AWS another database put there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.mapping.managing import managing_of
from accounts.mapping.snapshots import managed_snapshot, managing_snapshot
from accounts.models import ManagingAccount
from accounts.models.states import Status
from accounts.runs.managing.other_sites import put_by_others
from onboarding.desired.assume_list import roles_in, statements_of
from onboarding.desired.capacity import assume_policy
from onboarding.resources.kinds import MANAGING_PATH, ManagedPolicy
from onboarding.resources.policy import Policy
from tests.factories import managed
from tests.rows import account_row, kept_role, managing_row, run_row, step_row

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def arn(number: int, name: str = "spinnakerManaged") -> str:
    return f"arn:aws:iam::{number:012}:role/{name}"


def on_list(*roles: str, name: str = "BowlineAssumeManaged") -> ManagedPolicy:
    return ManagedPolicy(
        account="911111111111",
        name=name,
        path=MANAGING_PATH,
        document=assume_policy([*roles]),
    )


def others(row: ManagingAccount, *roles: str) -> list[str]:
    return put_by_others(row, (), [on_list(*roles)])


def test_the_list_is_read_in_its_order_and_a_pattern_is_no_role() -> None:
    pattern = Policy.allowing(
        {"Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/spinnakerManaged"}
    )
    found = [
        on_list(arn(10), name="BowlineAssumeManaged-10"),
        on_list(arn(2), name="BowlineAssumeManaged-2"),
        on_list(arn(1), arn(3)),
        on_list(arn(4), name="BowlineRegionLookup"),
        ManagedPolicy(
            account="911111111111",
            name="BowlineAssumeManaged-3",
            path=MANAGING_PATH,
            document=pattern,
        ),
    ]

    assert [*roles_in(found)] == [arn(1), arn(3), arn(2), arn(10)]


def test_an_account_that_exists_was_put_there_by_this_database() -> None:
    row = managing_row()
    account_row("mine", account_id=f"{1:012}", granted_at=NOW)
    account_row("draft", account_id=f"{2:012}")

    assert others(row, arn(1), arn(2), arn(3)) == [arn(2), arn(3)]


def test_so_was_its_role_by_an_earlier_name() -> None:
    row = managing_row(managed_role="new")
    before: dict[str, Any] = {**managing_snapshot(row), "managed_role": "usual"}
    row.applied = [before]
    row.save()
    managing = managing_of(row)
    snapshot = managed_snapshot(managing, managed(managed_role="own"))
    account_row("mine", account_id=f"{1:012}", granted_at=NOW, applied=[snapshot])

    found = [arn(1, name) for name in ("new", "usual", "own", "strange")]

    assert others(row, *found) == [arn(1, "strange")]


def test_so_was_a_kept_role_and_one_that_was_taken_off_since() -> None:
    row = managing_row(kept_roles=[kept_role(1)])
    applied = {**managing_snapshot(row), "kept_roles": [kept_role(1), kept_role(2)]}
    row.applied = [applied]
    row.save()

    assert others(row, arn(1), arn(2), arn(3)) == [arn(3)]


@pytest.mark.parametrize(
    ("status", "approved", "ended", "is_other"),
    [
        (Status.APPLYING, True, None, False),
        (Status.FAILED, True, timedelta(days=9), False),
        (Status.VERIFIED, True, timedelta(minutes=9), False),
        (Status.VERIFIED, True, timedelta(days=9), True),
        (Status.PLANNED, False, None, True),
    ],
)
def test_so_was_what_an_approved_plan_takes_off_until_aws_shows_it(
    status: Status, approved: bool, ended: timedelta | None, is_other: bool
) -> None:
    row = managing_row()
    run = run_row(
        status,
        account=None,
        kind="managing",
        approved_at=NOW if approved else None,
        finished_at=NOW - ended if ended else None,
    )
    step_row(
        run,
        kind="policy",
        name="BowlineAssumeManaged",
        verb="update",
        removed=sorted(statements_of([arn(1)])),
    )

    assert others(row, arn(1)) == ([arn(1)] if is_other else [])
