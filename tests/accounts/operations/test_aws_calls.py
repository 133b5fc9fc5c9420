"""What each process of a worker counts reaches the database, once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from threading import Thread

import pytest
from django.db import OperationalError

from accounts.models import AwsAnswers
from accounts.operations.measured import counts_kept, keep_counts
from onboarding.aws_calls import ANSWERS, Answer, Answers

READ = Answer("iam:GetRole", "")
DENIED = Answer("iam:GetRole", "AccessDenied")


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    ANSWERS.take()
    yield
    ANSWERS.take()


def kept() -> dict[Answer, int]:
    rows = AwsAnswers.objects.values_list("operation", "error", "count")
    return {Answer(operation, error): count for operation, error, count in rows}


@pytest.mark.django_db
def test_what_another_process_counted_is_added_to_and_not_replaced() -> None:
    ANSWERS.add(Counter({READ: 3}))
    keep_counts()
    ANSWERS.add(Counter({READ: 2, DENIED: 1}))  # as if of another process

    keep_counts()

    assert kept() == {READ: 5, DENIED: 1}


@pytest.mark.django_db
def test_nothing_is_counted_twice() -> None:
    ANSWERS.add(Counter({READ: 3}))

    keep_counts()
    keep_counts()

    assert kept() == {READ: 3}


@pytest.mark.django_db
def test_what_the_database_does_not_take_is_kept_for_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ANSWERS.add(Counter({READ: 3}))
    with monkeypatch.context() as patch:

        def refuse(*_: object, **__: object) -> None:
            raise OperationalError("gone")

        patch.setattr(type(AwsAnswers.objects), "bulk_create", refuse)
        with pytest.raises(OperationalError):
            keep_counts()
    ANSWERS.add(Counter({READ: 1}))

    keep_counts()

    assert kept() == {READ: 4}


@pytest.mark.django_db(transaction=True)
def test_a_process_that_ends_writes_down_what_is_left() -> None:
    with counts_kept():
        ANSWERS.add(Counter({READ: 3}))

    assert kept() == {READ: 3}


def test_threads_lose_no_count() -> None:
    answers = Answers()

    def add() -> None:
        for _ in range(2_000):
            answers.add(Counter([READ]))

    threads = [Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    taken: Counter[Answer] = Counter()
    while any(thread.is_alive() for thread in threads):
        taken += answers.take()

    assert taken + answers.take() == Counter({READ: 8_000})


def test_a_child_does_not_count_what_its_parent_did() -> None:
    ANSWERS.add(Counter({READ: 3}))
    ends: Counter[Answer] = Counter()
    read, write = os.pipe()

    if not (child := os.fork()):
        os.write(write, str(ANSWERS.take().total()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    ends = ANSWERS.take()

    assert os.read(read, 10) == b"0"
    assert ends == Counter({READ: 3})
