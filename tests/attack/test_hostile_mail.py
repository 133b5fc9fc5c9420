"""Tried: every hostile value in what mail quotes: names, reasons, messages, fixes,
units, tokens, factors and environments, in notices, in the digest and with a link.

Refused: parsed back, a message has one part of plain text, the headers of any other and
no more lines; the value is text in one of them, with nothing that nobody sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from accounts.models import (
    Activity,
    Digest,
    Happened,
    Member,
    Notification,
    Organization,
    Rollout,
    Run,
)
from accounts.models.states import Status
from accounts.notify.sending import send_mail
from accounts.notify.texts import one_line, text_of, text_of_own
from accounts.runs.rollouts.census import runs_of
from accounts.web.people.forms import mailed
from onboarding.names import INVISIBLE
from tests.accounts.discover.organization.organizations import member_row
from tests.accounts.runs.rollouts.rows import started
from tests.attack.values import VALUES
from tests.rows import account_row, person

pytestmark = pytest.mark.django_db

What = Notification.What
STORED = [value.replace("\0", "") for value in VALUES]
"""No database keeps a NUL."""
HARMLESS = "harmless"


@pytest.fixture(autouse=True)
def mail_server(settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example.com"
    settings.SITE_URL = "https://bowline.example.com"
    settings.DEFAULT_FROM_EMAIL = "bowline@example.com"


@pytest.fixture
def ann() -> User:
    return person("operator", username="ann", email="ann@example.com")


def received(send: Callable[[], object]) -> EmailMessage:
    """Send it; return it as whoever receives it reads it."""
    mail.outbox.clear()
    send()
    (sent,) = mail.outbox
    raw = sent.message().as_bytes(linesep="\r\n")
    read: Message = message_from_bytes(raw, policy=default)
    assert isinstance(read, EmailMessage)
    return read


def wrong(read: EmailMessage, plain: EmailMessage, value: str) -> Iterator[str]:
    """Say what differs from the mail in which the value is a harmless word."""
    if read.is_multipart() or read.get_content_type() != "text/plain":
        yield "another part"
    if read.keys() != plain.keys():
        yield f"other headers: {read.keys()}"
    for name, header in read.items():
        if INVISIBLE.search(str(header)) or "\n" in str(header):
            yield f"{name}: {header!r}"
        if name in {"From", "To", "Auto-Submitted"} and header != plain[name]:
            yield f"another {name}: {header}"
    body = read.get_content().replace("\r\n", "\n")
    if INVISIBLE.search(body) or "\r" in body:
        yield f"what nobody sees: {body!r}"
    lines = body.splitlines(), plain.get_content().splitlines()
    if len(lines[0]) != len(lines[1]):
        yield f"other lines: {body!r}"
    if one_line(value[:50]).strip() not in body:
        yield f"without the value: {body!r}"


def refused(send: Callable[[str], object]) -> None:
    plain = received(lambda: send(HARMLESS))
    assert plain.get_content().count(HARMLESS)

    found = []
    for value in STORED:
        read = received(partial(send, value))
        found += [f"{value!r:.50}: {said}" for said in wrong(read, plain, value)]

    assert not found, found


def test_a_rollout_of_hostile_texts(ann: User, managing) -> None:
    rollout = started(1, ann)
    notification = Notification.objects.create(
        person=ann, what=What.PAUSED, rollout=rollout
    )

    def send(value: str) -> None:
        error = {"message": value, "hint": value}
        name = value[:60]
        runs_of(rollout).update(status=Status.FAILED, error=error, account_name=name)
        paused = {"state": Rollout.State.PAUSED, "reason": value[:200]}
        Rollout.objects.filter(pk=rollout.pk).update(**paused)
        told(notification)

    refused(send)


def test_plans_of_somebody_with_a_hostile_name(ann: User, managing) -> None:
    rollout = started(1, ann)
    runs_of(rollout).update(status=Status.PLANNED)
    notification = Notification.objects.create(
        person=ann, what=What.WAITS, rollout=rollout
    )

    def send(value: str) -> None:
        rows = Rollout.objects.filter(pk=rollout.pk)
        rows.update(state=Rollout.State.PLANNED, created_by_name=value[:150])
        told(notification)

    refused(send)


def told(notification: Notification) -> None:
    text = text_of(Notification.objects.get(pk=notification.pk))
    assert text is not None
    send_mail(notification, text)


def test_a_digest_of_hostile_texts(ann: User) -> None:
    digest = Digest.objects.create(what=What.FAILED)
    run = Run.objects.create(account=account_row(), created_by=ann)
    Happened.objects.create(what=What.FAILED, run=run, digest=digest)
    notification = Notification.objects.create(
        person=ann, what=What.FAILED, digest=digest
    )

    def send(value: str) -> None:
        failed = {"account_name": value[:60], "error": {"message": value}}
        Run.objects.filter(pk=run.pk).update(status=Status.FAILED, **failed)
        told(notification)

    refused(send)


def test_new_accounts_with_hostile_names(ann: User) -> None:
    first, second = member_row("000000000001", "a"), member_row("000000000002", "b")
    organization = first.organization
    unit = organization.units.create(unit_id="ou-a", path="Root", lineage="/a/")
    organization.members.update(drafted_in=4, drafted_for=ann, unit=unit)
    Organization.objects.update(reading=4)
    notification = Notification.objects.create(
        person=ann, what=What.NEW_ACCOUNTS, organization=organization, reading=4
    )

    def send(value: str) -> None:
        Member.objects.update(name=value[:50])
        Member.objects.filter(pk=second.pk).update(draft_refused=value[:300])
        organization.units.update(path=value[:200])
        told(notification)

    refused(send)


OWN: dict[str, tuple[str, dict[str, Any]]] = {
    "factor": (Activity.What.FACTOR_ADDED, {}),
    "token": (Activity.What.SETTINGS, {"scopes": ["read"]}),
    "environment": (Activity.What.SETTINGS, {"second_approver": "off"}),
}


@pytest.mark.parametrize("kind", OWN)
def test_what_is_said_of_an_account_of_ones_own(ann: User, kind: str) -> None:
    what, detail = OWN[kind]
    notification = Notification(person=ann, what=What.OWN)

    def send(value: str) -> None:
        scopes = {"scopes": [value]} if "scopes" in detail else {}
        entry = Activity(what=what, who=value, about=value, detail=detail | scopes)
        entry.at = timezone.now()
        send_mail(notification, text_of_own(entry))

    refused(send)


def test_a_link_from_and_for_somebody_with_a_hostile_name() -> None:
    def send(value: str) -> None:
        by, whom = User(username=value), User(username=value, email="ann@example.com")
        assert mailed(by, whom, "https://bowline.example.com/choose/?key=1")

    refused(send)
