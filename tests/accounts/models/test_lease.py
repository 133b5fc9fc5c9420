"""Leases: one holder at a time, and a dead one's hold runs out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from accounts.models import ManagingAccount, lease
from accounts.models.lease import (
    LeaseLost,
    extend_leases,
    free_leases,
    free_left,
)
from tests.rows import managing_row

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold nothing, whatever the tests before took and did not free."""
    monkeypatch.setattr(lease, "HELD", {})
    monkeypatch.setattr(lease, "LEFT", {})


@pytest.fixture
def row() -> ManagingAccount:
    """Make a row whose lease this process has taken."""
    row = managing_row()
    row.take_lease()
    return row


def refusal(*_: Any) -> None:
    raise OperationalError("the database is gone")


def again(row: ManagingAccount) -> ManagingAccount:
    return ManagingAccount.objects.get(pk=row.pk)


def run_out(row: ManagingAccount) -> None:
    past = timezone.now() - timedelta(seconds=1)
    ManagingAccount.objects.update(leased_until=past)


def test_only_the_first_gets_it() -> None:
    first = managing_row()
    second = again(first)

    assert first.take_lease()
    assert not second.take_lease()


def test_it_can_be_taken_once_it_is_freed() -> None:
    first = managing_row()
    second = again(first)
    first.take_lease()

    first.free_lease()

    assert second.take_lease()


def test_it_can_be_taken_once_it_ran_out() -> None:
    first = managing_row()
    second = again(first)
    first.take_lease()

    run_out(first)

    assert second.take_lease()


def test_it_is_not_taken_where_the_row_changed_since() -> None:
    first = managing_row(name="core")
    second = again(first)
    ManagingAccount.objects.update(name="edge")

    assert not first.take_lease(name=first.name)
    assert again(second).lease is None
    assert first.take_lease(name="edge")
    assert again(second).lease == first.lease


def test_whoever_lost_it_learns_so_and_frees_nothing() -> None:
    first = managing_row()
    second = again(first)
    first.take_lease()
    run_out(first)
    second.take_lease()

    with pytest.raises(LeaseLost):
        first.extend_lease()
    first.free_lease()

    assert not again(second).take_lease()


def test_extending_it_moves_its_end(row: ManagingAccount) -> None:
    run_out(row)

    row.extend_lease()

    end = again(row).leased_until
    assert end is not None
    assert end > timezone.now()


def test_what_nobody_took_is_not_written() -> None:
    row = managing_row(name="core")

    with pytest.raises(LeaseLost):
        row.write(name="edge")

    assert again(row).name == "core"


def test_extending_it_takes_one_query(row, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        row.extend_lease()


def test_a_process_extends_what_it_holds(row: ManagingAccount) -> None:
    run_out(row)

    extend_leases()

    assert not again(row).take_lease()
    row.free_lease()


def test_a_process_extends_nothing_that_was_taken_over_or_freed() -> None:
    first = managing_row()
    second = again(first)
    first.take_lease()
    run_out(first)
    second.take_lease()
    second.free_lease()

    extend_leases()

    assert again(first).take_lease()


def test_a_process_extends_nothing_that_was_held_for_too_long(
    row: ManagingAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_out(row)
    monkeypatch.setattr(lease, "LONGEST", timedelta(0))

    extend_leases()

    assert again(row).take_lease()


@pytest.mark.django_db(transaction=True)
def test_what_could_not_be_freed_is_freed_once_the_database_answers(
    row: ManagingAccount,
) -> None:
    with connection.execute_wrapper(refusal), pytest.raises(OperationalError):
        row.free_lease()
    extend_leases()
    assert not again(row).take_lease()
    with connection.execute_wrapper(refusal), pytest.raises(OperationalError):
        free_left()
    free_left()

    assert again(row).take_lease()


@pytest.mark.django_db(transaction=True)
def test_what_was_freed_late_is_not_taken_from_somebody_else(
    row: ManagingAccount,
) -> None:
    with connection.execute_wrapper(refusal), pytest.raises(OperationalError):
        row.free_lease()
    run_out(row)
    assert again(row).take_lease()

    free_left()

    assert not again(row).take_lease()


def test_a_process_frees_what_it_holds(row: ManagingAccount) -> None:
    free_leases()

    assert again(row).take_lease()
    with pytest.raises(LeaseLost):
        row.extend_lease()
