"""Questions of one person alone: how many wait, who gets the answer, and how long."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import User
from django.db.models.functions import Now

from accounts import tasks
from accounts.discover.files import previewed_file
from accounts.discover.looking import enabled_regions
from accounts.discover.questions import KINDS, MOST_OWN, ask
from accounts.models import Question
from tests.accounts.web.answers import work
from tests.rows import person

TEXT = b"accounts: [the text of a file]"


@pytest.fixture
def olga(db: None) -> Any:
    return person("operator", username="olga")


def sent(by: Any, number: int = 1) -> Question | None:
    question = previewed_file.about(by, TEXT, form="yaml", number=number)
    return ask(question, by, again=True)


def read(asked: Question, by: Any) -> Question | None:
    return previewed_file.read(by).filter(key=asked.key).first()


def with_files() -> list[Question]:
    return [*Question.objects.exclude(file=None)]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let a worker answer what it is given, or fail with it."""

    def gives(answer: Any) -> None:
        def given(*told: Any) -> Any:
            if callable(answer):
                return answer(*told)
            if isinstance(answer, BaseException):
                raise answer
            return answer

        kind = replace(previewed_file, answer=given)
        monkeypatch.setitem(KINDS, previewed_file.name, kind)

    return gives


def test_two_of_a_person_wait_at_once_and_others_are_not_held_up(olga) -> None:
    for number in range(MOST_OWN):
        assert sent(olga, number)

    assert sent(olga, MOST_OWN) is None
    assert len(with_files()) == MOST_OWN
    assert sent(olga, 0) == read(sent(olga, 0), olga)
    assert sent(person("operator", username="eve"))
    assert ask(enabled_regions.at("aws"), olga)


def test_without_a_broker_it_is_answered_at_once_and_the_file_is_gone(
    olga, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        own = sent(olga)
        other = ask(enabled_regions.at("aws"), olga)

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
    assert not with_files()


def test_an_answer_makes_room_for_the_next(olga, answering) -> None:
    answering({"changes": {}})
    for number in range(MOST_OWN):
        sent(olga, number)

    work()

    assert sent(olga, MOST_OWN)


def test_only_who_asked_gets_the_answer_and_the_file_is_gone(olga, answering) -> None:
    given = []

    def noted(row: Question) -> dict[str, int]:
        given.append((row.asked_by, row.input, row.content))
        return {"changes": 1}

    answering(noted)
    asked = sent(olga)

    work()

    assert given == [(olga, asked.input, TEXT)]
    assert read(asked, olga).answer == {"changes": 1}
    assert read(asked, person("administrator")) is None
    assert not with_files()


def test_the_same_file_of_somebody_else_is_another_question(olga) -> None:
    first, second = sent(olga), sent(person("operator", username="eve"))

    assert first.key != second.key


def test_an_answer_is_kept_for_a_while_and_then_deleted(olga, answering) -> None:
    answering({})
    asked = sent(olga)
    work()
    Question.objects.update(expires_at=Now())

    assert read(asked, olga) is None
    tasks.sweep()
    assert not Question.objects.exists()


def test_what_no_worker_answered_is_given_up_with_its_file(olga) -> None:
    asked = sent(olga)
    ask(enabled_regions.at("aws"), olga)
    Question.objects.update(expires_at=Now())

    assert read(asked, olga) is None
    assert sent(olga, 2)
    tasks.sweep()
    assert Question.objects.get().input["number"] == 2


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

    failed = read(asked, olga)
    assert (failed.message, failed.hint) == (
        ("The worker couldn't complete the request."),
        hint,
    )
    assert "the text of a file" not in caplog.text
    assert ("KeyError" in caplog.text) is isinstance(error, KeyError)
    assert not with_files()


def test_an_answer_that_comes_late_is_not_that_to_a_later_question(
    olga, answering
) -> None:
    """A worker froze over it, and the person asked again meanwhile."""
    asked = sent(olga)

    def late(row: Question) -> dict[str, int]:
        Question.objects.filter(pk=row.pk).update(answered_at=Now())
        sent(olga)
        return {"changes": 1}

    answering(late)

    work()

    assert read(asked, olga).waits
    assert asked in with_files()


def test_a_person_who_is_gone_is_answered_nothing(olga, answering) -> None:
    answering(AssertionError("It was computed for nobody."))
    sent(olga)
    Question.objects.update(asked_by=None)

    work()

    row = Question.objects.get()
    assert row.message.startswith("You need the operator role")


def lose_the_role(olga: Any) -> None:
    olga.groups.clear()


def be_deactivated(olga: Any) -> None:
    User.objects.filter(pk=olga.pk).update(is_active=False)


@pytest.mark.parametrize("lose", [lose_the_role, be_deactivated])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_done_for_whoever_has_lost_the_role_since(
    kind: str, lose: Any, olga, monkeypatch: pytest.MonkeyPatch
) -> None:
    def done(_: Question) -> None:
        raise AssertionError("It was done.")

    monkeypatch.setitem(KINDS, kind, replace(KINDS[kind], answer=done))
    if KINDS[kind].lasts:
        row = KINDS[kind].begin(olga)
    else:
        row = ask(KINDS[kind].about(olga), olga)
    lose(olga)

    work()

    row.refresh_from_db()
    assert row.message.startswith(f"You need the {KINDS[kind].role.name} role")
    assert row.answer == {"denied": row.message}


def test_a_worker_knows_every_kind() -> None:
    modules = {module.__name__ for module in tasks.QUESTIONS}

    assert {kind.answer.__module__ for kind in KINDS.values()} == modules
