from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep

import pytest

from onboarding.asked_once import asked_once


class Account:
    def __init__(self, meet: Barrier | None = None) -> None:
        self.meet = meet
        self.asked = 0

    @asked_once
    def policies(self) -> int:
        """Count the policies."""
        self.asked += 1
        if self.meet:
            self.meet.wait(timeout=10)
        else:
            sleep(0.01)
        return self.asked

    @asked_once
    def twice_as_many(self) -> int:
        return 2 * self.policies


def test_it_asks_once_for_each_instance() -> None:
    account, other = Account(), Account()

    assert [account.policies, account.twice_as_many, account.policies] == [1, 2, 1]
    assert other.policies == 1
    assert (account.asked, other.asked) == (1, 1)


def test_threads_that_read_the_same_answer_ask_once() -> None:
    account = Account()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: account.policies, range(8)))

    assert answers == [1] * 8


def test_accounts_do_not_wait_for_each_other() -> None:
    """Both answers are under way at once, or the barrier breaks."""
    both = Barrier(2)
    accounts = [Account(both), Account(both)]

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda account: account.policies, accounts))

    assert answers == [1, 1]


def test_what_was_raised_is_not_kept() -> None:
    class Busy:
        refused = True

        @asked_once
        def policies(self) -> int:
            if self.refused:
                raise ValueError("busy")
            return 3

    busy = Busy()
    with pytest.raises(ValueError, match="busy"):
        _ = busy.policies
    busy.refused = False

    assert busy.policies == 3


def test_its_words_are_those_of_what_it_asks() -> None:
    assert Account.policies.__doc__ == "Count the policies."
