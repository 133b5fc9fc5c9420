"""What threads send, and that what is repeated in one outlasts a lost database."""

from __future__ import annotations

from django.db import OperationalError

from accounts.work.queue import carries_itself, nothing_sent
from accounts.work.threads import in_threads, repeated
from script.servers import wait_until


def test_it_is_tried_again_where_the_database_does_not_answer(caplog) -> None:
    tries: list[int] = []

    def fail() -> None:
        tries.append(1)
        raise OperationalError("gone")

    with repeated("leases", fail, every=0.01):
        wait_until(lambda: len(tries) > 1, what="It was not tried again")

    assert "Bowline tries again later: leases" in caplog.text


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
