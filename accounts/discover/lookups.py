"""What pages need to know from AWS: a worker asks, and the answer is kept for a while.

A request never calls AWS itself: a slow AWS would hold it, and others behind it. A long
comparison would do the same, so a worker answers that, too. What one person alone may
read, such as a preview of a file of theirs, is a question of their own.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from traceback import format_tb
from typing import TYPE_CHECKING, Any, TypeAlias

from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.discover.organization.asked import ask_organization
from accounts.mapping.unusable import CANNOT_BE_USED
from accounts.models import Lookup, SentFile
from accounts.models.readable import Unreadable
from accounts.spinnaker.next_bundle import next_bundle
from accounts.spinnaker.testing import try_connection
from accounts.spinnaker.two_bundles import changes_between
from accounts.work.queue import wake
from onboarding.aws.discover import (
    AccessReport,
    OwnAccount,
    answers,
    own_account,
    regions,
    try_access,
)
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Caller, Sessions, set_region
from onboarding.checks import Call
from onboarding.partitions import partition_of
from onboarding.topology import Reach

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)

MOST_OF_ONE = 8
"""The most questions of one person that wait: more than their open pages ask."""

MOST_OF_ALL = 32
"""The most that wait in total, so that runs get their turn in the same queue."""

KEPT = timedelta(minutes=1)
"""An answer that is no older is not asked for again; `Ask again` always asks."""

REFUSAL_SHOWN = timedelta(minutes=1)
"""As long as a page may take to fetch it."""

MOST_OWN = 2
"""The most questions of their own that wait of one person: each takes seconds."""

OWN_KEPT = timedelta(minutes=10)
"""An answer to one is kept so long, for whoever asked."""

DELETED_AFTER = timedelta(days=1)
NOWHERE = Reach("")
"""With Bowline's own credentials."""


@dataclass(frozen=True, slots=True)
class Own:
    """Whose question it is, and what it is about: nobody else gets the answer."""

    person: int
    form: str
    """Of the file that is sent or wanted: csv, yaml or json."""
    sha256: str = ""
    """Of the file that is sent."""
    name: str = ""
    """Of the file that is sent, or of the list that is wanted."""
    query: str = ""
    """The filters of the list."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and in which account; equal questions have one answer."""

    topic: str
    partition: str
    reach: Reach = NOWHERE
    calls: tuple[Call, ...] = ()
    bundles: tuple[str, ...] = ()
    """The SHA-256 of those that are compared, the earlier one first."""
    version: int = 0
    """Of the connection that is tested."""
    own: Own | None = None
    adoption: str = ""
    """The report whose accounts are looked at."""

    @property
    def parameters(self) -> dict[str, Any]:
        own = {"own": asdict(self.own)} if self.own else {}
        return {
            **own,
            "partition": self.partition,
            **asdict(self.reach),
            "calls": self.calls,
            "bundles": self.bundles,
            "version": self.version,
            "adoption": self.adoption,
        }

    @property
    def digest(self) -> str:
        asked = json.dumps([self.topic, self.parameters], sort_keys=True)
        return hashlib.sha256(asked.encode()).hexdigest()

    @classmethod
    def of(cls, lookup: Lookup) -> Question:
        """Read it back from its row."""
        stored = lookup.parameters
        calls = (
            Call(service, operation, region, tuple((k, v) for k, v in parameters))
            for service, operation, region, parameters in stored["calls"]
        )
        reach = Reach(stored["account_id"], stored["access_role"])
        bundles = tuple(stored.get("bundles", ()))  # an earlier release wrote none
        version = stored.get("version", 0)  # nor this
        own = Own(**stored["own"]) if "own" in stored else None
        return cls(
            lookup.topic,
            stored["partition"],
            reach,
            tuple(calls),
            bundles,
            version,
            own,
            stored.get("adoption", ""),  # nor this
        )


ACCESS, CALLER, DETAILS = "access", "caller", "details"
HOME, ORGANIZATION, REGIONS = "home", "organization", "regions"
NEXT_BUNDLE = "next-bundle"
"""What the next bundle changes: AWS is not asked."""

SPINNAKER = "spinnaker"
"""A test of the connection: AWS is not asked."""

TWO_BUNDLES = "two-bundles"
"""What changes between two bundles: AWS is not asked."""

LOOK = "look"
"""What AWS has of the accounts of a report: the answers are kept with the report."""

EXPORT = "packed-export"
"""A topic that earlier releases did not have: they kept the text as it is."""

FILE_CHECK, FILE_PREVIEW = "file-check", "file-preview"
FILE_SAVE, UPLOAD_SAVE, ADOPT = "file-save", "upload-save", "adopt"
"""Of one person alone: AWS is not asked. Saving the same again changes nothing."""

OwnTopics: TypeAlias = Mapping[str, Callable[["User", Own, bytes], Any]]
"""How a worker answers those, for whom, from the file that was sent."""

TOPICS: dict[str, Callable[[Sessions, Question], Any]] = {
    ACCESS: lambda sessions, asked: asdict(try_access(sessions, asked.reach)),
    CALLER: lambda sessions, asked: asdict(sessions.whoami()),
    DETAILS: lambda sessions, asked: list(
        answers(sessions, asked.reach, asked.calls).values()
    ),
    HOME: lambda sessions, asked: asdict(own_account(sessions)),
    NEXT_BUNDLE: lambda sessions, asked: next_bundle().changes.as_json(),
    ORGANIZATION: lambda sessions, asked: asdict(
        ask_organization(sessions, asked.reach)
    ),
    REGIONS: lambda sessions, asked: regions(sessions, asked.reach),
    SPINNAKER: lambda sessions, asked: try_connection(asked.version),
    TWO_BUNDLES: lambda sessions, asked: changes_between(asked.bundles).as_json(),
}
"""How a worker answers; what it returns can be written as JSON."""


def known(question: Question) -> Lookup | None:
    """Return an answer that is recent enough to need no asking."""
    rows = Lookup.objects.filter(question=question.digest, message="")
    return rows.answered(KEPT).first()


def seen(question: Question) -> Lookup | None:
    """Return the state of an earlier question: it waits, or has an answer or none."""
    rows = Lookup.objects.filter(question=question.digest)
    refused = rows.answered(REFUSAL_SHOWN).first()
    return known(question) or rows.due().first() or refused


def own_lookup(question: str, by: User) -> Lookup | None:
    """Return what this person asked for alone, by its digest: it waits, or has an
    answer or none that is kept still.
    """
    asked = Lookup.objects.filter(question=question, asked_by=by)
    own = asked.filter(parameters__own__person=by.pk)
    return own.due().first() or own.answered(OWN_KEPT).first()


def ask_own(topic: str, own: Own, by: User, file: bytes = b"") -> Lookup | None:
    """Ask a worker for what this person alone may read, unless it is on its way; None
    if too much waits already.
    """
    delete_old_own(by)
    return ask(Question(topic, "aws", own=own), by, again=True, file=file)


def ask(
    question: Question, by: User, *, again: bool = False, file: bytes = b""
) -> Lookup | None:
    """Ask a worker, unless the answer is known (and not wanted again) or on its way.

    None if too much waits already. The same question is asked once at a time, whoever
    asks: the UPDATE's row count decides who does.
    """
    if not again and (found := known(question)):
        return found
    rows = Lookup.objects.filter(question=question.digest)
    with transaction.atomic():
        # One request of a person at a time, so that none slips past the bound.
        get_user_model()._default_manager.select_for_update(no_key=True).get(pk=by.pk)
        if found := rows.due().first():
            return found
        if is_busy(by, own=bool(question.own)):
            return None
        lookup, _ = Lookup.objects.get_or_create(
            question=question.digest,
            defaults={"topic": question.topic, "parameters": question.parameters},
        )
        asked = rows.idle().update(
            times_asked=F("times_asked") + 1,
            asked_at=Now(),
            asked_by=by,
            answered_at=None,
            answer=None,
            message="",
            hint="",
        )
        if asked and file:
            sent = {"content": file}
            SentFile.objects.update_or_create(lookup=lookup, defaults=sent)
        if asked:
            transaction.on_commit(partial(send_for, lookup))
    lookup.refresh_from_db()
    return lookup


def send_for(lookup: Lookup) -> None:
    """Let a worker answer, or say at once that the broker does not take the message."""
    if wake(lookup):
        return
    message = BROKER_AWAY if "own" in lookup.parameters else NO_BROKER
    with transaction.atomic():
        Lookup.objects.filter(pk=lookup.pk).update(
            answered_at=Now(), message=message, hint=START_BROKER
        )
        SentFile.objects.filter(lookup=lookup).delete()


NO_BROKER = "Bowline couldn't call AWS because the broker is unavailable."
BROKER_AWAY = "Bowline couldn't reach a worker because the broker is unavailable."
START_BROKER = "Check that Redis is running, then try again."


def is_busy(by: User, *, own: bool) -> bool:
    waiting = Lookup.objects.due()
    of_one = waiting.filter(asked_by=by)
    return (
        waiting.count() >= MOST_OF_ALL
        or of_one.count() >= MOST_OF_ONE
        or (own and of_one.filter(parameters__has_key="own").count() >= MOST_OWN)
    )


def answer_own(lookup: Lookup, topics: OwnTopics) -> None:
    """Answer whoever asked, keep that for a while, and forget the file. Raises nothing.

    What fails is logged without its message, which might quote the file.
    """
    own, by = Question.of(lookup).own, lookup.asked_by
    if own is None or by is None:
        return
    sent = SentFile.objects.filter(lookup=lookup).first()
    moved: dict[str, Any] = {}
    try:
        file = bytes(sent.content) if sent else b""
        moved["answer"] = topics[lookup.topic](by, own, file)
    except CANNOT_BE_USED as error:
        moved |= {"message": NOT_DONE, "hint": str(error)}
    except SoftTimeLimitExceeded:
        moved |= {"message": NOT_DONE, "hint": "The worker took too long."}
    except Exception as error:
        where = "".join(format_tb(error.__traceback__))
        kind, topic = type(error).__name__, lookup.topic
        logger.error("Lookup %s, %s, failed: %s\n%s", lookup.pk, topic, kind, where)
        moved |= {"message": NOT_DONE, "hint": SEE_LOG}
    same = Lookup.objects.filter(pk=lookup.pk, times_asked=lookup.times_asked)
    with transaction.atomic():
        if same.update(answered_at=Now(), **moved):
            SentFile.objects.filter(lookup=lookup).delete()


NOT_DONE = "The worker couldn't complete the request."


def answer(lookup: Lookup) -> None:
    """Ask AWS, as whoever asked, and keep what it says. Raises nothing."""
    question = Question.of(lookup)
    asked = "Gate" if question.topic == SPINNAKER else "AWS"
    who = lookup.asked_by.get_username() if lookup.asked_by else ""
    moved: dict[str, Any] = {}
    try:
        sessions = Sessions(run=f"web-{who}", partition=question.partition)
        moved["answer"] = TOPICS[question.topic](sessions, question)
    except AwsError as error:
        moved |= {"message": error.message, "hint": error.hint}
    except SoftTimeLimitExceeded:
        moved |= {"message": f"{asked} didn't respond in time.", "hint": "Try again."}
    except Exception:
        logger.exception("A lookup failed: %s", lookup)
        moved |= {
            "message": (
                f"Bowline encountered an internal error while calling {asked}."
            ),
            "hint": SEE_LOG,
        }
    same = Lookup.objects.filter(pk=lookup.pk, times_asked=lookup.times_asked)
    same.update(answered_at=Now(), **moved)


SEE_LOG = "See the worker's log."


def delete_old_lookups() -> None:
    Lookup.objects.filter(asked_at__lt=Now() - DELETED_AFTER).delete()


def delete_old_own(by: User | None = None) -> None:
    """Delete questions of a person's own whose answers have expired, or that nobody
    answered, with the files that were sent: of this person, or of everybody.
    """
    old = Lookup.objects.over(OWN_KEPT).filter(parameters__has_key="own")
    (old.filter(asked_by=by) if by else old).delete()


def home() -> Question:
    """Ask in which account Bowline is, in the partition of the region it is set to."""
    return Question(HOME, partition_of(set_region()) or "aws")


def own_account_of(lookup: Lookup) -> OwnAccount:
    return OwnAccount(**(lookup.answer or {}))


def principal_of(caller: Lookup) -> str:
    """Return Bowline's own principal; raise Unreadable where the row holds none."""
    match caller.answer:
        case {"principal": str(principal)}:
            return principal
    raise Unreadable(caller, "answer", caller.answer)


def report_of(lookup: Lookup) -> AccessReport:
    answer: dict[str, Any] = lookup.answer or {}
    caller = answer["caller"] and Caller(**answer["caller"])
    return AccessReport(**{**answer, "caller": caller})


def found_by(lookup: Lookup, question: Question) -> dict[Call, Any]:
    """Return the answers by the calls that they answer."""
    found: list[Any] = lookup.answer or []
    return dict(zip(dict.fromkeys(question.calls), found, strict=True))
