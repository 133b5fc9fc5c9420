"""Pages of lists, and cursors that are none."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import pytest

from accounts.api.paging import BAD_CURSOR
from accounts.models import ManagedAccount
from tests.rows import account_row


def cursor(said: object) -> str:
    return urlsafe_b64encode(json.dumps(said).encode()).decode()


def test_the_pages_hold_each_account_once(reader):
    for number in range(5):
        account_row(f"a-{number}", account_id=f"{number}" * 12)

    first = reader.read("/accounts", limit=2).json()
    ManagedAccount.objects.filter(name="a-0").delete()  # moves nothing
    second = reader.read("/accounts", limit=2, cursor=first["next"]).json()
    third = reader.read("/accounts", limit=2, cursor=second["next"]).json()

    names = [[one["name"] for one in page["items"]] for page in (first, second, third)]
    assert names == [["a-0", "a-1"], ["a-2", "a-3"], ["a-4"]]
    assert third["next"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        "x",
        "ä",
        "====",
        cursor({}),
        cursor(["-number", 1]),
        cursor(["name", "\0"]),
        cursor(["name", 1.5]),
        cursor(["name", 10**30]),
        cursor(["name"]),
        cursor("name"),
        cursor(["id", "a"]),
        "W1tbW1tbW1tb" * 30,
    ],
)
def test_a_cursor_that_is_none_is_refused(reader, wrong):
    answer = reader.read("/accounts", cursor=wrong)

    assert answer.status_code == 422
    assert answer.json()["detail"] == BAD_CURSOR


def test_a_list_counts_its_items_where_it_is_asked_to(reader):
    for number in range(3):
        account_row(f"a-{number}", account_id=f"{number}" * 12, environment="a")
    account_row("b", account_id="9" * 12)

    first = reader.read("/accounts", environment="a", total="true", limit=2).json()
    cursor = first["next"]
    second = reader.read("/accounts", environment="a", total="true", cursor=cursor)

    assert (first["total"], second.json()["total"]) == (3, 3)
    assert reader.read("/accounts").json()["total"] is None


@pytest.mark.parametrize("limit", ["0", "201", "x", "-1", ""])
def test_a_limit_that_is_none_is_refused(reader, limit):
    answer = reader.read("/accounts", limit=limit)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["at"] == "query.limit"
