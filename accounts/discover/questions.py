"""How people ask workers: what takes long, or calls AWS, no request does itself.

A kind of question is one function, marked with `question`: what it returns can be
written as JSON, and is kept for a while. Who may read that, and whether whoever asked
may still have it done, is decided here for every kind.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from traceback import format_tb
from typing import TYPE_CHECKING, Any

from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import Error, transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.mapping.completeness import CANNOT_BE_USED
from accounts.models import Question
from accounts.models.lease import LeaseLost
from accounts.models.question import QuestionQuerySet
from accounts.people.roles import VIEWER, UserRole, has_role, refusal
from accounts.refused import Refused
from accounts.work.queue import holding, wake
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.topology import Reach

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)

PATIENCE = timedelta(minutes=2)
"""How long a worker may take to answer, its time in the queue included."""

SECONDS = 100
"""The most that one message takes: within PATIENCE."""

MOST_OF_ONE = 8
"""The most questions of one person that wait: more than their open pages ask."""

MOST_OF_ALL = 32
"""The most that wait in total, so that runs get their turn in the same queue."""

MOST_OWN = 2
"""The most questions of their own that wait of one person: each takes seconds."""

RECENT = timedelta(minutes=1)
"""An answer that is no older is not asked for again; `Ask again` always asks. A page
takes no longer to fetch a refusal, either.
"""

KEPT = timedelta(days=1)
OWN_KEPT = timedelta(minutes=10)
"""How long answers are kept: for everybody, and for whoever asked alone."""

NOWHERE = Reach("")
"""With Bowline's own credentials."""

GOES_ON = object()
"""What a kind returns after a slice of its work, if there is another one."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a worker answers, for whom, and what it says where it cannot."""

    name: str
    answer: Callable[[Question], Any]
    role: UserRole
    """What whoever asked must still have when it is answered."""
    is_own: bool
    """Whether it is answered to whoever asked alone."""
    lasts: timedelta | None
    """How long it is kept, and never given up; None: somebody looks at a page."""
    seconds: int | None
    doing: str
    """What failed, in a sentence; empty: it is theirs alone, and nothing is said."""
    again: str

    def about(
        self, by: User | None = None, file: bytes = b"", **given: Any
    ) -> Question:
        """Make a question, not asked yet; `by` whom, where it is their own. Of a file
        that is sent along, its digest is part of the question.
        """
        whose = by.pk if self.is_own and by else None
        given |= {"sha256": hashlib.sha256(file).hexdigest()} if file else {}
        asked = json.dumps([self.name, given, whose], sort_keys=True)
        key = hashlib.sha256(asked.encode()).hexdigest()
        what = {"kind": self.name, "input": given, "is_own": self.is_own}
        return Question(key=key, file=file or None, **what)

    def at(self, partition: str, reach: Reach = NOWHERE, **given: Any) -> Question:
        """Make one that is asked in an account."""
        given |= {"account_id": reach.account_id, "access_role": reach.access_role}
        return self.about(None, partition=partition, **given)

    def read(self, person: User) -> QuestionQuerySet:
        """Keep what this person may read of this kind: it waits, or was answered."""
        rows = Question.objects.unexpired().open_to(person)
        return rows.filter(kind=self.name).defer("file")

    def begin(self, by: User, **given: Any) -> Question:
        """Ask once, and have it done however long it takes."""
        assert self.lasts
        row = Question.objects.create(
            kind=self.name,
            input=given,
            asked_by=by,
            asked_at=Now(),
            seconds=self.seconds,
            expires_at=Now() + self.lasts,
        )
        row.refresh_from_db()
        transaction.on_commit(partial(wake, row))
        return row


KINDS: dict[str, Kind] = {}
"""All that a worker answers: `QUESTIONS` in tasks.py has their modules."""


def question(
    name: str,
    *,
    role: UserRole = VIEWER,
    is_own: bool = False,
    lasts: timedelta | None = None,
    seconds: int | None = SECONDS,
    doing: str = "calling AWS",
    again: str = "Try again.",
) -> Callable[[Callable[[Question], Any]], Kind]:
    """Let workers answer a kind of question with this function."""

    def kind_of(answer: Callable[[Question], Any]) -> Kind:
        KINDS[name] = Kind(
            name, answer, role, is_own, lasts, seconds, "" if is_own else doing, again
        )
        return KINDS[name]

    return kind_of


def same(question: Question) -> QuestionQuerySet:
    return Question.objects.filter(key=question.key).defer("file")


def known(question: Question) -> Question | None:
    """Return an answer that is recent enough to need no asking."""
    return same(question).filter(message="").answered(RECENT).first()


def seen(question: Question) -> Question | None:
    """Return the state of an earlier question: it waits, or has an answer or none."""
    shown = OWN_KEPT if question.is_own else RECENT
    return same(question).due().first() or same(question).answered(shown).first()


def ask(question: Question, by: User, *, again: bool = False) -> Question | None:
    """Ask a worker, unless the answer is known (and not wanted again) or on its way.

    None if too much waits already. The same question is asked once at a time, whoever
    asks: the UPDATE's row count decides who does.
    """
    if not again and (found := known(question)):
        return found
    rows = same(question)
    with transaction.atomic():
        # One request of a person at a time, so that none slips past the bound.
        get_user_model()._default_manager.select_for_update(no_key=True).get(pk=by.pk)
        if found := rows.due().first():
            return found
        if is_busy(by, is_own=question.is_own):
            return None
        what = {name: getattr(question, name) for name in ("kind", "input", "is_own")}
        row, _ = Question.objects.get_or_create(key=question.key, defaults=what)
        asked = rows.idle().update(
            times_asked=F("times_asked") + 1,
            asked_at=Now(),
            asked_by=by,
            seconds=KINDS[question.kind].seconds,
            expires_at=Now() + PATIENCE,
            answered_at=None,
            answer=None,
            message="",
            hint="",
            file=question.file,
            lease=None,  # whoever holds it answers too late
            leased_until=None,
        )
        if asked:
            transaction.on_commit(partial(send_for, row))
    return rows.get()


def is_busy(by: User, *, is_own: bool) -> bool:
    waiting = Question.objects.due().exclude(key=None)
    of_one = waiting.filter(asked_by=by)
    return (
        waiting.count() >= MOST_OF_ALL
        or of_one.count() >= MOST_OF_ONE
        or (is_own and of_one.filter(is_own=True).count() >= MOST_OWN)
    )


def send_for(row: Question) -> None:
    """Let a worker answer, or say at once that the broker does not take the message."""
    if not wake(row):
        message = BROKER_AWAY if row.is_own else NO_BROKER
        Question.objects.filter(pk=row.pk).update(
            **ended(KINDS[row.kind]), message=message, hint=START_BROKER
        )


NO_BROKER = "Bowline couldn't call AWS because the broker is unavailable."
BROKER_AWAY = "Bowline couldn't reach a worker because the broker is unavailable."
START_BROKER = "Check that Redis is running, then try again."


def ended(kind: Kind) -> dict[str, Any]:
    """Return the columns of what is answered, or refused: the file is forgotten."""
    kept = OWN_KEPT if kind.is_own else KEPT
    expires = {} if kind.lasts else {"expires_at": Now() + kept}
    return {"answered_at": Now(), "file": None, **expires}


def carry_on(row: Question) -> bool:
    """Answer it, or a slice of it; return whether there is another one. A second worker
    finds the lease taken, or it done.
    """
    return holding(row, answer_leased) and row.answered_at is None


def answer_leased(row: Question) -> None:
    """Keep the answer, or why there is none."""
    kind = KINDS[row.kind]
    if row.answered_at:
        return
    moved: dict[str, Any]
    try:
        refuse_who_may_not(row, kind)
        answer = kind.answer(row)
    except LeaseLost:
        raise
    except (PermissionDenied, Refused) as error:
        so_far = row.answer or {}
        moved = {"answer": {**so_far, "denied": str(error)}, "message": str(error)}
    except Exception as error:
        if kind.lasts and isinstance(error, Error):
            raise  # the sweep sends it again
        moved = why_not(row, kind, error)
    else:
        if answer is GOES_ON:
            return None if kind.lasts else row.write(expires_at=Now() + PATIENCE)
        moved = {"answer": answer}
    row.write(**ended(kind), **moved)


def refuse_who_may_not(row: Question, kind: Kind) -> None:
    """Raise PermissionDenied where whoever asked is gone, was deactivated, or has lost
    the role since.
    """
    if row.asked_by is None or not has_role(row.asked_by, kind.role):
        raise PermissionDenied(refusal(kind.role))


def why_not(row: Question, kind: Kind, error: Exception) -> dict[str, str]:
    """Say why there is no answer. What fails of a person's own question is logged
    without its message, which might quote their file.
    """
    is_late = isinstance(error, SoftTimeLimitExceeded)
    if isinstance(error, AwsError):
        return {"message": error.message, "hint": error.hint}
    if not kind.doing and isinstance(error, CANNOT_BE_USED):
        return {"message": NOT_DONE, "hint": str(error)}
    if is_late and kind.doing:
        who = kind.doing.split()[-1]
        return {"message": f"{who} didn't respond in time.", "hint": kind.again}
    if is_late:
        return {"message": NOT_DONE, "hint": "The worker took too long."}
    if kind.doing:
        logger.error("A question failed: %s", row, exc_info=error)
        message = f"Bowline encountered an internal error while {kind.doing}."
        return {"message": message, "hint": SEE_LOG}
    where, what = "".join(format_tb(error.__traceback__)), type(error).__name__
    logger.error("Question %s, %s, failed: %s\n%s", row.pk, row.kind, what, where)
    return {"message": NOT_DONE, "hint": SEE_LOG}


NOT_DONE = "The worker couldn't complete the request."
SEE_LOG = "See the worker's log."


def sessions_of(row: Question, **options: Any) -> Sessions:
    """Return sessions of AWS in the name of whoever asked."""
    who = row.asked_by.get_username() if row.asked_by else ""
    return Sessions(f"web-{who}", row.input["partition"], **options)


def reach_in(row: Question) -> Reach:
    return Reach(row.input["account_id"], row.input["access_role"])
