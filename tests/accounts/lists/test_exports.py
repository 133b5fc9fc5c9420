"""Exports of many accounts and runs: a slice at a time, whatever their number."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import Model
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from accounts.lists import runs
from accounts.lists.accounts import (
    ACCOUNTS,
    ACCOUNTS_FILE,
    exported_accounts,
    lines_of,
)
from accounts.lists.runs import account_id_of, newest_first
from accounts.mapping.accounts_file.export import Export
from accounts.models import EnabledProvider, ManagedAccount, Run
from accounts.slices import AT_ONCE
from tests.rows import account_row, run_row

pytestmark = pytest.mark.django_db
SLICES = 4
FORMS = [(ACCOUNTS.name, "csv"), (ACCOUNTS_FILE, "csv"), (ACCOUNTS_FILE, "yaml")]


def add(count: int) -> None:
    """Make accounts that can be exported, without a query for each."""
    first = ManagedAccount.objects.count()
    rows = ManagedAccount.objects.bulk_create(
        ManagedAccount(name=f"a{n:05}", account_id=f"{n:012}", regions=["us-east-1"])
        for n in range(first, first + count)
    )
    EnabledProvider.objects.bulk_create(
        EnabledProvider(account=row, key="ec2", details={}, has_details=True)
        for row in rows
    )


def most_held(model: type[Model], rows: Iterator[Any]) -> int:
    """Count the rows that are in memory at the same time, now and then."""
    most = 0
    for number, _ in enumerate(rows):
        if number % 250 == 0:
            most = max(most, sum(type(one) is model for one in gc.get_objects()))
    return most


@pytest.mark.parametrize(
    "read", [lambda: exported_accounts(QueryDict()), lambda: Export().accounts()]
)
def test_accounts_are_held_a_slice_at_a_time(read: Callable[[], Any]) -> None:
    add(SLICES * AT_ONCE)
    gc.collect()

    assert 0 < most_held(ManagedAccount, read()) <= 2 * AT_ONCE


def test_runs_are_held_a_slice_at_a_time(monkeypatch) -> None:
    monkeypatch.setattr(runs, "AT_ONCE", 300)
    account = account_row()
    Run.objects.bulk_create(
        Run(account=account, account_name="a", status="verified") for _ in range(1200)
    )
    gc.collect()

    assert 0 < most_held(Run, newest_first(QueryDict())) <= 600


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_a_file_of_many_accounts_takes_no_query_for_each(name: str, form: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            list(lines_of(name, form))
        return len(captured)

    add(2)
    few = queries()
    add(100)

    assert queries() == few


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_a_pooler_that_shares_connections_can_be_between(
    monkeypatch, name: str, form: str
) -> None:
    """A cursor on the server would be gone with the next statement."""
    monkeypatch.setattr(connections["default"], "chunked_cursor", lambda: 1 / 0)
    add(2)
    run_row(account=ManagedAccount.objects.first())

    assert "a00001" in "".join(lines_of(name, form))
    assert len(list(newest_first(QueryDict()))) == 1


def test_accounts_are_in_the_order_asked_for_across_slices() -> None:
    add(AT_ONCE + 2)
    ManagedAccount.objects.filter(name="a00000").update(environment="z")

    names = [
        one.account.name for one in exported_accounts(QueryDict("sort=environment"))
    ]

    assert names == [*sorted(names[:-1]), "a00000"]
    assert len(names) == AT_ONCE + 2


def test_an_account_that_was_deleted_meanwhile_is_not_written() -> None:
    add(AT_ONCE + 2)
    rows = exported_accounts(QueryDict())
    first = next(rows)
    ManagedAccount.objects.filter(name=f"a{AT_ONCE:05}").delete()

    names = [first.account.name, *(one.account.name for one in rows)]

    assert names == [f"a{n:05}" for n in range(AT_ONCE + 2) if n != AT_ONCE]


def test_runs_of_the_same_moment_are_each_written_once(monkeypatch) -> None:
    monkeypatch.setattr(runs, "AT_ONCE", 2)
    account = account_row()
    for _ in range(5):
        run_row("verified", account=account)
    later = run_row("failed", account=account)
    earlier = Run.objects.exclude(pk=later.pk)
    earlier.update(created_at=later.created_at.replace(year=2001))

    numbers = [run.number for run in newest_first(QueryDict())]

    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == 6


def test_a_run_says_the_id_of_its_account_if_that_still_exists() -> None:
    gone = run_row("verified", account=None, account_name="gone")
    run_row("verified", account=account_row(account_id="1" * 12))

    ids = {run.number: account_id_of(run) for run in newest_first(QueryDict())}

    assert ids.pop(gone.number) == ""
    assert [*ids.values()] == ["1" * 12]
