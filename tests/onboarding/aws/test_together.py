"""Independent things are done at once, and what AWS is too busy for is done again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from itertools import count

import pytest

from onboarding.aws import client
from onboarding.aws.client import THREADS, together
from onboarding.aws.errors import AwsError
from onboarding.aws.session import LONGEST_DELAY, Backoff
from tests.onboarding.aws.field import FakeClock

FEW = 2


@pytest.fixture
def few_helpers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(client, "HELPERS", FEW)
    client.helpers.cache_clear()
    yield
    client.helpers.cache_clear()


def test_a_few_are_done_at_once() -> None:
    all_of_them = threading.Barrier(THREADS)

    together(partial(all_of_them.wait, 30) for _ in range(THREADS))

    assert not all_of_them.broken


def test_no_more_than_a_few_are_done_at_once() -> None:
    at_work: set[int] = set()

    def task(number: int) -> int:
        at_work.add(number)
        most = len(at_work)
        threading.Event().wait(0.01)
        at_work.discard(number)
        return most

    assert max(together(partial(task, number) for number in range(40))) <= THREADS


def test_answers_come_in_the_order_of_what_was_asked() -> None:
    assert together(partial(int, number) for number in range(50)) == [*range(50)]


def test_things_within_things_end_where_no_thread_is_left(few_helpers: None) -> None:
    def task(depth: int) -> int:
        inner = [partial(task, depth - 1)] * 3 if depth else []
        return 1 + sum(together(inner))

    assert together([partial(task, 3)] * 2) == [40, 40]


def test_once_one_has_failed_no_other_begins() -> None:
    begun = count()

    def task(number: int) -> None:
        next(begun)
        raise ValueError(number)

    with pytest.raises(ValueError, match="0"):
        together(partial(task, number) for number in range(50))

    assert next(begun) <= THREADS


def test_whoever_asks_waits_for_what_has_begun() -> None:
    ended: list[int] = []
    others = threading.Barrier(2)

    def task(number: int) -> None:
        others.wait(30)
        if number:
            raise ValueError(number)
        threading.Event().wait(0.1)
        ended.append(number)

    with pytest.raises(ValueError, match="1"):
        together(partial(task, number) for number in range(2))

    assert ended == [0]


def test_threads_are_kept(few_helpers: None) -> None:
    used: set[int] = set()

    def task() -> None:
        used.add(threading.get_ident())
        threading.Event().wait(0.001)

    for _ in range(20):
        together([task] * 20)

    assert 1 < len(used) <= 1 + FEW


BUSY = AwsError(
    "922222222222", "iam:GetRole", "AWS throttled the requests.", retryable=True
)


def test_it_repeats_until_it_is_done() -> None:
    time, answers = FakeClock(), iter([BUSY, BUSY, "done"])

    def act() -> str:
        answer = next(answers)
        if isinstance(answer, AwsError):
            raise answer
        return answer

    result = Backoff(60, clock=time.clock).until_done(
        act, "it is busy", again=lambda error: error.retryable
    )

    assert result == "done"
    assert len(time.slept) == 2


def test_it_gives_up_when_its_time_is_over() -> None:
    time = FakeClock()

    def act() -> None:
        raise BUSY

    with pytest.raises(AwsError, match="throttled"):
        Backoff(60, clock=time.clock).until_done(
            act, "it is busy", again=lambda _: True
        )

    assert time.seconds == pytest.approx(60)
    assert max(time.slept) <= LONGEST_DELAY * 1.5


def test_it_does_not_repeat_what_is_final() -> None:
    time = FakeClock()

    def act() -> None:
        raise BUSY

    with pytest.raises(AwsError):
        Backoff(60, clock=time.clock).until_done(
            act, "it is busy", again=lambda _: False
        )

    assert time.slept == []


def test_it_says_that_it_waits_and_takes_it_back() -> None:
    said: list[str] = []
    answers = iter([True, False])

    def act() -> None:
        if next(answers):
            raise BUSY

    Backoff(60, said.append, FakeClock().clock).until_done(
        act, "it is busy", again=lambda _: True
    )

    assert said == ["Waiting for AWS: it is busy.", ""]
