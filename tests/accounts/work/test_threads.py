"""What outlasts a database that is away or takes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.test import Client
from django.utils.html import escape

from accounts.work.heartbeat import FULL, READ_ONLY, why_unwritable
from accounts.work.queue import carries_itself, nothing_sent
from accounts.work.threads import in_threads, log_and_continue, repeated
from bowline.operations.logs import Lines
from script.servers import wait_until
from tests.accounts.api.calling import caller, detail
from tests.rows import account_row, managing_row, person


def test_it_is_tried_again_where_the_database_does_not_answer(caplog) -> None:
    tries: list[int] = []

    def fail() -> None:
        tries.append(1)
        raise OperationalError("gone")

    with repeated("leases", fail, every=0.01):
        wait_until(lambda: len(tries) > 1, what="It was not tried again")

    assert {one.getMessage() for one in caplog.records} == {
        "Bowline tries again later: leases. gone"
    }


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        (OperationalError("connection failed:\n\tIs the server running?"), 1),
        (InterfaceError("the connection is closed"), 1),
        (DatabaseError("no such column"), 3),
        (ValueError("a mistake"), 3),
    ],
)
def test_a_database_that_is_away_is_one_line_and_a_mistake_has_its_traceback(
    error: Exception, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    try:
        raise error
    except Exception as raised:
        log_and_continue("Tried again.", raised)

    (record,) = caplog.records
    written = Lines().format(record).splitlines()
    assert written[0].endswith(f"Tried again. {' '.join(str(error).split())}")
    assert min(len(written), 3) == lines


def test_it_ends_with_the_block_and_is_done_once_more_only_where_asked_for() -> None:
    done: list[str] = []

    with repeated("once", lambda: done.append("once"), 60, and_then=True):
        assert done == []
    with repeated("never", lambda: done.append("never"), 60):
        pass

    assert done == ["once"]


def test_threads_send_no_message_where_their_caller_sends_none() -> None:
    def sends(_: int) -> bool:
        return not carries_itself.get()

    with nothing_sent():
        assert [*in_threads(sends, range(3), threads=2)] == [False] * 3
    assert [*in_threads(sends, range(3), threads=2)] == [True] * 3


class Refusal(Exception):
    sqlstate = ""


def refused(sqlstate: str) -> DatabaseError:
    error, error.__cause__ = DatabaseError("no"), Refusal()
    error.__cause__.sqlstate = sqlstate
    return error


@pytest.fixture
def read_only(db: None) -> Iterator[None]:
    """Let the database of this test refuse to write, as each does it."""
    sqlite = connection.vendor == "sqlite"
    only_read = "PRAGMA query_only = 1" if sqlite else "SET transaction_read_only = on"
    connection.check_constraints()  # what PostgreSQL would do at the end, with locks
    with connection.cursor() as cursor:
        cursor.execute(only_read)
    yield
    if sqlite:  # beside Django, whose transaction is broken
        connection.connection.execute("PRAGMA query_only = 0")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (refused("53100"), FULL),
        (refused("25006"), READ_ONLY),
        (refused("23505"), ""),
        (DatabaseError("disk full"), ""),
        (ValueError(), ""),
        (None, ""),
    ],
    ids=str,
)
def test_it_is_told_by_the_code_of_the_database(error, said):
    assert why_unwritable(error) == said


def test_a_disk_that_is_full_is_told_by_sqlites_own_code():
    small = sqlite3.connect(":memory:")
    small.execute("PRAGMA max_page_count = 2")
    small.execute("CREATE TABLE one (text TEXT)")

    with pytest.raises(sqlite3.OperationalError) as caught:
        small.execute("INSERT INTO one VALUES (?)", ["a" * 100_000])
    small.close()

    error = DatabaseError()
    error.__cause__ = caught.value
    assert why_unwritable(error) == FULL


def test_a_program_is_told_why_nothing_is_saved(db, request):
    operator = caller("operator")
    managing_row()
    account_row()
    request.getfixturevalue("read_only")

    answer = operator.post("/accounts/staging/exclude")

    assert detail(answer, 503) == READ_ONLY
    assert answer.json()["code"] == "unwritable"


def test_a_page_says_why_nothing_is_saved(request, managing):
    account = account_row()
    client = Client(raise_request_exception=False)
    client.force_login(person("operator"))
    request.getfixturevalue("read_only")

    answer = client.post(f"/accounts/{account.pk}/plan/")

    assert answer.status_code == 503
    assert escape(READ_ONLY) in answer.content.decode()
