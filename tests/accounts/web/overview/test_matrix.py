from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone

from accounts.lists.accounts import matching_accounts
from accounts.lists.overview import (
    Counted,
    counts_by_environment,
    fills,
    open_production,
)
from accounts.models.states import FAILING, WORDS, State
from accounts.web.overview.views import COLUMN_OF, COLUMNS, FIRST, matrix_of
from tests.rows import account_row, managing_row

pytestmark = pytest.mark.django_db


def test_every_state_is_counted_in_one_column() -> None:
    assert {*COLUMN_OF} == {*WORDS}
    assert {*COLUMN_OF.values()} == {column.title for column in COLUMNS}


def test_production_is_first_and_then_what_has_the_most_failures() -> None:
    counts = [
        Counted("dev", State.FAILED, 3),
        Counted("prod-eu", State.VERIFIED, 9),
        Counted("qa", State.DRIFTED, 9),
        Counted("stage", State.FAILED, 1),
        Counted("team", State.VERIFIED, 9),
    ]

    names = [row.name for row in matrix_of(counts).first]

    assert names == ["prod-eu", "dev", "stage", "qa", "team"]


def test_a_few_failures_take_their_share_and_no_more() -> None:
    counts = [Counted("dev", State.VERIFIED, 96), Counted("dev", State.FAILED, 4)]

    (row,) = matrix_of(counts).first

    assert [(part.colour, part.width) for part in row.bar] == [
        ("good", 96),
        ("bad", 4),
    ]


def test_what_drifted_is_not_counted_as_failed() -> None:
    (row,) = matrix_of([Counted("dev", State.DRIFTED, 2)]).first

    assert [(cell.column.title, cell.accounts) for cell in row.cells] == [
        (State.DRIFTED, 2)
    ]


def test_each_number_leads_to_its_accounts() -> None:
    now = timezone.now()
    verified = {"verification": State.VERIFIED, "verified_at": now - timedelta(days=90)}
    facts: dict[str, dict[str, Any]] = {
        "new": {},
        "old": {"state": State.OUTDATED},
        "more": {"state": State.DRIFTED, "unapproved": 1},
        "fails": {"state": State.FAILED},
        "stale": {"state": State.VERIFIED, **verified},
    }
    account_row("none", account_id="922222222200", environment="")
    for number, (name, fields) in enumerate(facts.items()):
        account_id = f"92222222221{number}"
        account_row(name, account_id=account_id, environment="dev", **fields)

    rows = matrix_of(counts_by_environment()).first

    for cell in (cell for row in rows for cell in row.cells):
        asked = QueryDict(cell.url.partition("?")[2])
        assert matching_accounts(asked).count() == cell.accounts, cell.url
    failing = matching_accounts(QueryDict(f"state={FAILING}"))
    assert {account.name for account in failing} == {"more", "fails"}
    (dev,) = (row for row in rows if row.name == "dev")
    assert dev.oldest == verified["verified_at"]


def test_the_oldest_verification_is_of_all_states_that_still_hold() -> None:
    now = timezone.now()
    for days, state in enumerate((State.VERIFIED, State.PLANNED, State.OUTDATED)):
        account_row(
            f"a{days}",
            account_id=f"92222222221{days}",
            state=state,
            verification="" if state == State.OUTDATED else State.VERIFIED,
            verified_at=now - timedelta(days=days),
        )

    (row,) = matrix_of(counts_by_environment()).first

    assert row.oldest == now - timedelta(days=1)


def test_all_that_is_counted_of_accounts_takes_one_query(
    django_assert_num_queries,
) -> None:
    """Rows of accounts are wide: reading all of 100,000 takes 0.1 seconds each time."""
    row = managing_row(organization="o-a1b2c3d4e5")
    account_row(environment="production", granted_at=timezone.now())

    with django_assert_num_queries(1):
        counts = counts_by_environment()
        matrix = matrix_of(counts)
        found = [*open_production(counts), *fills(row)]

    assert len(matrix.first) == len(found) == 1


def test_many_environments_are_folded() -> None:
    counts = [Counted(f"e{n}", State.VERIFIED, 1) for n in range(FIRST + 3)]

    found = matrix_of(counts)

    assert (len(found.first), len(found.more)) == (FIRST, 3)
