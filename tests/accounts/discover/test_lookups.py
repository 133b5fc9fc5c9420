"""Questions of one person alone: how many wait, who gets the answer, and how long."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db.models import F
from django.db.models.functions import Now

from accounts import tasks
from accounts.discover import lookups
from accounts.discover.lookups import (
    FILE_PREVIEW,
    MOST_OWN,
    OWN_KEPT,
    Own,
    Question,
    ask,
    ask_own,
    own_lookup,
)
from accounts.models import Lookup, SentFile
from accounts.models.lookups import PATIENCE
from accounts.web.exports import own_answers
from tests.accounts.web.answers import work
from tests.rows import person

TEXT = b"accounts: [the text of a file]"


@pytest.fixture
def olga(db: None) -> Any:
    return person("operator", username="olga")


def sent(by: Any, number: int = 1) -> Lookup | None:
    return ask_own(FILE_PREVIEW, Own(by.pk, "yaml", str(number)), by, TEXT)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let a worker answer what it is given, or fail with it."""

    def gives(answer: Any) -> None:
        def given(*_: Any) -> Any:
            if isinstance(answer, BaseException):
                raise answer
            return answer

        monkeypatch.setitem(own_answers.OWN_TOPICS, FILE_PREVIEW, given)

    return gives


def test_two_of_a_person_wait_at_once_and_others_are_not_held_up(olga) -> None:
    for number in range(MOST_OWN):
        assert sent(olga, number)

    assert sent(olga, MOST_OWN) is None
    assert SentFile.objects.count() == MOST_OWN
    assert sent(olga, 0) == own_lookup(sent(olga, 0).question, olga)
    assert sent(person("operator", username="eve"))
    assert ask(Question(lookups.REGIONS, "aws"), olga)


def test_without_a_broker_it_is_answered_at_once_and_the_file_is_gone(
    olga, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        own = sent(olga)
        other = ask(Question(lookups.REGIONS, "aws"), olga)

    own.refresh_from_db()
    other.refresh_from_db()
    assert own.message == (
        "Bowline couldn't reach a worker because the broker is unavailable."
    )
    assert other.message == (
        "Bowline couldn't call AWS because the broker is unavailable."
    )
    assert not own.waits
    assert not other.waits
    assert not SentFile.objects.exists()


def test_an_answer_makes_room_for_the_next(olga, answering) -> None:
    answering({"changes": {}})
    for number in range(MOST_OWN):
        sent(olga, number)

    work()

    assert sent(olga, MOST_OWN)


def test_only_who_asked_gets_the_answer_and_the_file_is_gone(olga, answering) -> None:
    answering({"changes": 1})
    asked = sent(olga)
    given = []
    answer = own_answers.OWN_TOPICS[FILE_PREVIEW]
    own_answers.OWN_TOPICS[FILE_PREVIEW] = lambda *told: given.append(told) or answer()

    work()

    assert given == [(olga, Own(olga.pk, "yaml", "1"), TEXT)]
    assert own_lookup(asked.question, olga).answer == {"changes": 1}
    assert own_lookup(asked.question, person("administrator")) is None
    assert not SentFile.objects.exists()


def test_the_same_file_of_somebody_else_is_another_question(olga) -> None:
    first, second = sent(olga), sent(person("operator", username="eve"))

    assert first.question != second.question


def test_an_answer_is_kept_for_a_while_and_then_deleted(olga, answering) -> None:
    answering({})
    asked = sent(olga)
    work()
    Lookup.objects.update(answered_at=Now() - OWN_KEPT)

    assert own_lookup(asked.question, olga) is None
    tasks.sweep()
    assert not Lookup.objects.exists()


def test_what_no_worker_answered_is_given_up_with_its_file(olga) -> None:
    asked = sent(olga)
    ask(Question(lookups.REGIONS, "aws"), olga)
    Lookup.objects.update(asked_at=Now() - PATIENCE)

    assert own_lookup(asked.question, olga) is None
    sent(olga, 2)
    assert not SentFile.objects.filter(lookup=asked).exists()
    assert {one.topic for one in Lookup.objects.all()} == {"file-preview", "regions"}


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (SoftTimeLimitExceeded(), "The worker took too long."),
        (KeyError(TEXT.decode()), "See the worker's log."),
    ],
)
def test_what_fails_says_so_without_the_text_of_the_file(
    olga, answering, caplog, error: Exception, hint: str
) -> None:
    answering(error)
    asked = sent(olga)

    with caplog.at_level(logging.DEBUG):
        work()

    failed = own_lookup(asked.question, olga)
    assert (failed.message, failed.hint) == (
        ("The worker couldn't complete the request."),
        hint,
    )
    assert "the text of a file" not in caplog.text
    assert ("KeyError" in caplog.text) is isinstance(error, KeyError)
    assert not SentFile.objects.exists()


def test_without_a_broker_nothing_waits_and_no_file_stays(
    olga, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        asked = sent(olga)

    failed = own_lookup(asked.question, olga)
    assert failed.message.startswith("Bowline couldn't reach a worker")
    assert not SentFile.objects.exists()


def test_an_answer_that_comes_late_is_not_that_to_a_later_question(
    olga, answering
) -> None:
    """A worker froze over it, and the person asked again meanwhile."""
    asked = sent(olga)

    def late(*_: Any) -> dict[str, int]:
        Lookup.objects.filter(pk=asked.pk).update(times_asked=F("times_asked") + 1)
        return {"changes": 1}

    answering(None)
    own_answers.OWN_TOPICS[FILE_PREVIEW] = late

    work()

    assert own_lookup(asked.question, olga).waits
    assert SentFile.objects.filter(lookup=asked).exists()


def test_a_person_who_is_gone_is_answered_nothing(olga, answering) -> None:
    answering(AssertionError("It was computed for nobody."))
    sent(olga)
    Lookup.objects.update(asked_by=None)

    work()

    assert Lookup.objects.get().waits
