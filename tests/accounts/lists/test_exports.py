"""Lists: what filters find, and rows as files, a slice at a time."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import Model, Q
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from accounts.lists import runs
from accounts.lists.accounts import (
    ACCOUNTS,
    ACCOUNTS_FILE,
    exported_accounts,
    lines_of,
)
from accounts.lists.declaration import (
    NOTHING,
    Filter,
    FilterForm,
    Listing,
    cell,
    csv_lines,
    json_lines,
)
from accounts.lists.runs import account_id_of, newest_first
from accounts.mapping.accounts_file.comparison import Export
from accounts.models import EnabledProvider, ManagedAccount, Run
from accounts.models.states import GROUPS, TOGETHER, WORDS
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


NAMED = Q(name="web")

LISTED = Listing(
    "accounts",
    title="Accounts",
    sorts={"name": "Name", "state": "State"},
    filters=(
        Filter("text", lambda _: NAMED, "Name"),
        Filter("state", lambda _: NAMED, "State", [("failed", "failed")], often=True),
        Filter("age", lambda _: NAMED, "Age in days", unasked="Of any age"),
        Filter("file", lambda _: NAMED),
        Filter("mine", lambda who: Q(who=who), of_person=True),
    ),
)


def form(address: str) -> FilterForm:
    return LISTED.form(QueryDict(address), age=[("9", "Old")])


def test_it_shows_what_the_address_asks_for() -> None:
    found = form("text=+web+&state=failed")

    assert (found.search.value, found.often[0].value) == ("web", "failed")
    assert found.others[0].value == ""


def test_a_field_says_what_it_is_about_while_nothing_is_chosen() -> None:
    found = form("")

    assert [one.says for one in (found.search, *found.often, *found.others)] == [
        "Name",
        "Any state",
        "Of any age",
    ]


def test_a_filter_that_nobody_is_offered_has_no_field() -> None:
    assert LISTED.form(QueryDict(), age=()).others == []


def test_it_counts_what_is_chosen_without_the_search() -> None:
    found = form("text=web&state=failed&age=9")

    assert (found.chosen, found.chosen_others) == (2, 1)
    assert (form("text=web").chosen, form("text=web").chosen_others) == (0, 0)


def test_a_parameter_without_a_field_stays_and_only_one_that_narrows_filters() -> None:
    assert form("sort=-name").kept == {"sort": "-name"}
    assert form("sort=name").kept == form("sort=secret").kept == {}
    assert form("file=1").kept == {"file": "1"}
    assert not form("sort=-name").is_filtered
    assert form("file=1").is_filtered
    assert form("text=a").is_filtered


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("state", "failed", NAMED),
        ("state", "unknown", NOTHING),
        ("age", "unknown", NAMED),
        ("mine", "1", Q(who="ann")),
    ],
)
def test_what_is_no_choice_finds_nothing(name: str, value: str, found: Q) -> None:
    (one,) = (one for one in LISTED.filters if one.name == name)

    assert one.finds(value, "ann") == found  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["=1", ["=1", "=1"]])
def test_no_text_is_a_formula(value) -> None:
    heading, row = csv_lines({"=name": lambda row: row}, [value])

    assert heading == '"\'=name"\r\n'
    assert row.startswith("\"'=1")
    assert ",=" not in row.replace(" ", "")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        (0, "0"),
        ("a=b", "a=b"),
        (["us-east-1", "eu-west-1"], "us-east-1, eu-west-1"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05+00:00"),
    ],
)
def test_what_is_no_formula_stays(value, written: str) -> None:
    assert cell(value) == written


@pytest.mark.parametrize("rows", [[], ["a"], ["a", "b", '"<&']])
def test_json_holds_all_rows(rows: list[str]) -> None:
    written = "".join(json_lines({"name": lambda row: row}, rows))

    assert json.loads(written) == [{"name": row} for row in rows]


def states_offered(asked: str) -> list[str]:
    fields = ACCOUNTS.form(QueryDict(asked)).often
    return [
        value for value, _ in next(f for f in fields if f.of.name == "state").options
    ]


def test_accounts_are_looked_for_by_few_states_that_have_each_word_once() -> None:
    words = [one for group in GROUPS for one in TOGETHER.get(group, (group,))]

    assert sorted(states_offered("")) == sorted(GROUPS)
    assert len(GROUPS) <= 8
    assert sorted(words) == sorted(WORDS)


def test_a_state_of_an_older_address_stays_chosen_and_still_finds() -> None:
    assert "planned" in states_offered("state=planned")
    assert states_offered("state=nonsense") == states_offered("")
    assert ACCOUNTS.filters[1].finds("planned", None) != NOTHING
