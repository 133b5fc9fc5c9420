"""How many accounts fit among those that are listed, and when more are refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.mapping.managing import managing_of
from accounts.models import EnabledProvider, ManagedAccount, ManagingAccount, Run
from accounts.models.states import Status
from accounts.runs.actions import plan, plan_managing
from accounts.runs.capacity import NoRoom, capacity_of, refuse_overflow, room_in_plan
from onboarding.desired.capacity import fitting
from tests.factories import LEAST
from tests.rows import account_row, managing_row, run_row, step_row

pytestmark = pytest.mark.django_db

NOW = timezone.now()
CLUSTERS = {"eks": LEAST["eks"]}


@pytest.fixture
def managing() -> ManagingAccount:
    return managing_row()


def account(number: int, **fields: Any) -> ManagedAccount:
    return account_row(f"a{number}", account_id=f"{number:012}", **fields)


def standing(number: int, **fields: Any) -> ManagedAccount:
    return account(number, granted_at=NOW, **fields)


def test_what_stands_and_what_is_described_is_counted_apart(managing) -> None:
    standing(1, providers={"ec2": {}, "ecs": {}})
    standing(2, providers={"lambda": {}})
    account(3)
    standing(4, providers=CLUSTERS)
    account(5, providers={})

    room = capacity_of(managing)

    assert (room.assumed, room.coming, room.most, room.left) == (2, 1, 1080, 1077)


def test_an_organization_is_counted_and_has_no_end() -> None:
    standing(1)

    room = capacity_of(managing_row(organization="o-a1b2c3d4e5"))

    assert (room.assumed, room.most) == (1, None)


@pytest.mark.parametrize("count", [1, 3000])
def test_it_is_two_queries_for_any_number(
    managing, django_assert_num_queries, count: int
) -> None:
    rows = ManagedAccount.objects.bulk_create(
        ManagedAccount(name=f"a{n}", account_id=f"{n:012}", granted_at=NOW)
        for n in range(count)
    )
    EnabledProvider.objects.bulk_create(
        EnabledProvider(account=row, key=key) for row in rows for key in ("ec2", "ecs")
    )

    with django_assert_num_queries(2):
        assert capacity_of(managing).assumed == count


def test_an_account_that_fits_is_planned(managing, room_for_two) -> None:
    standing(1)

    assert plan(account(2), None).status == Status.PLANNING


def test_one_too_many_is_refused_before_there_is_a_run(managing, room_for_two) -> None:
    standing(1)
    standing(2)

    with pytest.raises(NoRoom, match=r"would list 3 accounts, but only 2 fit\."):
        plan(account(3), None)

    assert not Run.objects.exists()


def test_accounts_that_are_being_planned_have_their_places(
    managing, room_for_two
) -> None:
    standing(1)
    run_row(Status.PLANNED, account=account(2))

    with pytest.raises(NoRoom):
        plan(account(3), None)


def test_whoever_has_a_place_keeps_it(managing, room_for_two) -> None:
    first = standing(1)
    second = account(2)
    account(3)
    run_row(Status.PLANNED, account=second)

    assert plan(first, None).account == first
    assert plan(second, None).account == second


def test_clusters_take_no_room(managing, room_for_two) -> None:
    for number in (1, 2, 3):
        account(number)
    standing(4)
    standing(5)

    assert plan(account(6, providers=CLUSTERS), None).status == Status.PLANNING


def test_many_are_granted_together_or_refused(managing, room_for_two) -> None:
    two = [account(1), account(2)]
    refuse_overflow(managing, two)

    with pytest.raises(NoRoom, match="3 accounts"):
        plan_managing(None, grants=[*two, account(3)])

    assert not Run.objects.exists()


def test_an_organization_has_room_for_all(room_for_two) -> None:
    row = managing_row(organization="o-a1b2c3d4e5")

    refuse_overflow(row, [account(number) for number in range(4)])


LONG = f"{'x' * 400}/y"


def test_roles_that_are_too_long_together_are_refused(managing) -> None:
    rows = [
        ManagedAccount(
            name=f"a{n}", account_id=f"{n:012}", managed_role=LONG, granted_at=NOW
        )
        for n in range(130)
    ]
    ManagedAccount.objects.bulk_create(rows)
    EnabledProvider.objects.bulk_create(
        EnabledProvider(account=row, key="ec2") for row in rows
    )

    with pytest.raises(NoRoom, match=r"would list 131 accounts, but only 117 fit\."):
        plan(account(200), None)


def plan_with(policy: str) -> Run:
    run = run_row(account=account(0))
    step_row(run, kind="policy", name=policy)
    return run


def test_a_plan_has_the_room_that_its_last_policy_leaves(
    managing: ManagingAccount,
) -> None:
    one = fitting(managing_of(managing), (), 1)
    account(1, granted_at=NOW)
    run_row(Status.APPLYING, account=account(2))
    run = plan_with("BowlineAssumeManaged")

    first = room_in_plan(run)
    step_row(run, kind="policy", name="BowlineAssumeManaged-2")

    assert first == one - 2
    assert room_in_plan(run) == 2 * one - 2


def test_a_plan_has_less_room_where_roles_are_longer(managing) -> None:
    standing(1, managed_role=LONG)
    run = plan_with("BowlineAssumeManaged")

    room = room_in_plan(run)

    assert room is not None
    assert room < fitting(managing_of(managing), (), 1) - 1


def test_a_plan_that_lists_no_account_has_room_for_any_number(
    managing: ManagingAccount,
) -> None:
    run = plan_with("BowlineEC2Read")
    listed = room_in_plan(run)
    run.steps.update(name="BowlineAssumeManaged")
    ManagingAccount.objects.update(organization="o-a1b2c3d4e5")

    assert listed is None
    assert room_in_plan(run) is None
