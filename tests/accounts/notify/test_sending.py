"""A notice is sent once; again where the server refuses; given up in the end."""

from __future__ import annotations

import shutil
import smtplib
import ssl
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.db import DatabaseError, connection
from django.db.models.functions import Now

from accounts.models import Activity, Notification, Preferences, Rollout
from accounts.models.states import Status
from accounts.notify import sending
from accounts.notify.sending import MOST_TRIES, deliver
from accounts.runs.rollouts.census import runs_of
from accounts.tasks import carry_on, delete_old
from tests.accounts.notify.smtp import MailServer, mail_server
from tests.accounts.runs.rollouts.rows import move, plan


@pytest.fixture
def notification(rollout, ann) -> Notification:
    rows = Rollout.objects.filter(pk=rollout.pk)
    rows.update(state=Rollout.State.STOPPED, finished_at=Now())
    return Notification.objects.create(person=ann, what="ended", rollout=rollout)


@pytest.fixture
def refusing(monkeypatch) -> None:
    def refuse(notification, text) -> None:
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")

    monkeypatch.setattr(sending, "send_mail", refuse)


def done(notification: Notification) -> bool:
    notification.refresh_from_db()
    return notification.done_at is not None


def test_it_is_sent_to_the_address_of_the_person(notification, mailoutbox) -> None:
    carry_on("notification", str(notification.pk))

    (message,) = mailoutbox
    assert message.to == ["ann@example.com"]
    assert message.from_email == "bowline@example.com"
    assert message.message()["Message-ID"] == f"<{notification.pk}@bowline.example.com>"
    assert message.message()["Auto-Submitted"] == "auto-generated"
    assert done(notification)


def test_a_second_message_sends_nothing(notification, mailoutbox) -> None:
    deliver(Notification.objects.get())
    deliver(notification)

    assert len(mailoutbox) == 1


def test_what_another_worker_holds_is_left_alone(notification, mailoutbox) -> None:
    Notification.objects.get().take_lease()

    deliver(notification)

    assert mailoutbox == []
    assert not Notification.objects.abandoned().exists()


def test_it_is_sent_by_another_worker_where_one_was_killed(
    notification, mailoutbox
) -> None:
    Notification.objects.get().take_lease()
    Notification.objects.update(tries=1, leased_until=Now() - timedelta(seconds=1))

    deliver(Notification.objects.abandoned().get())

    assert len(mailoutbox) == 1


def test_no_transaction_is_open_while_it_is_sent(
    notification, monkeypatch, transactional_db
) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(
        sending, "send_mail", lambda *_: seen.append(connection.in_atomic_block)
    )

    deliver(notification)

    assert seen == [False]


def test_it_is_tried_again_later_where_the_server_refuses(
    notification, refusing
) -> None:
    Notification.objects.update(queued_at=Now())

    deliver(notification)

    assert not done(notification)
    assert not Notification.objects.due().exists()
    Notification.objects.update(due_at=Now())
    assert Notification.objects.abandoned().get() == notification


def test_it_is_given_up_after_some_tries_and_the_log_says_so(
    notification, refusing
) -> None:
    for _ in range(MOST_TRIES):
        Notification.objects.update(due_at=Now())
        deliver(notification)

    assert done(notification)
    entry = Activity.objects.get(what="not sent")
    assert (entry.who, entry.about) == ("Bowline", f"{notification.rollout}")
    assert entry.detail == {
        "to": "ann",
        "why": "SMTPServerDisconnected: Connection unexpectedly closed",
    }


def test_whatever_the_server_says_can_be_kept(notification, monkeypatch) -> None:
    monkeypatch.setattr(sending, "wants_mail", Mock(side_effect=OSError("\0" * 999)))
    Notification.objects.update(tries=MOST_TRIES - 1)

    deliver(notification)

    why = Activity.objects.get(what="not sent").detail["why"]
    assert why.startswith("OSError: \ufffd")
    assert len(why) == sending.LONGEST


def test_it_is_not_given_up_where_the_log_cannot_say_so(
    notification, refusing, monkeypatch
) -> None:
    monkeypatch.setattr(sending, "record", Mock(side_effect=DatabaseError))
    Notification.objects.update(tries=MOST_TRIES - 1)

    with pytest.raises(DatabaseError):
        deliver(notification)

    assert not done(notification)


def test_one_that_kills_its_workers_is_given_up(notification, mailoutbox) -> None:
    Notification.objects.update(tries=MOST_TRIES)

    deliver(notification)

    assert mailoutbox == []
    assert Activity.objects.filter(what="not sent").count() == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"email": ""},
        {"email": "ann"},
        {"email": "ann@example.com\nBcc: all@example.com"},
        {"is_active": False},
    ],
)
def test_nothing_is_sent_to_whom_mail_cannot_reach(
    notification, ann, changed, mailoutbox
) -> None:
    type(ann).objects.filter(pk=ann.pk).update(**changed)

    deliver(notification)

    assert mailoutbox == []
    assert done(notification)


def test_nothing_is_sent_once_there_is_no_mail_server(
    notification, settings, mailoutbox
) -> None:
    settings.EMAIL_HOST = ""

    deliver(notification)

    assert mailoutbox == []
    assert done(notification)


def test_nothing_is_sent_to_whom_switched_it_off(notification, ann, mailoutbox) -> None:
    Preferences.objects.create(person=ann, mail=False)

    deliver(notification)

    assert mailoutbox == []
    assert done(notification)


def test_nothing_is_sent_that_is_no_longer_so(notification, mailoutbox) -> None:
    Rollout.objects.update(state=Rollout.State.PLANNING)

    deliver(notification)

    assert mailoutbox == []
    assert done(notification)


def test_nothing_is_sent_a_day_later(notification, mailoutbox) -> None:
    Notification.objects.update(created_at=Now() - timedelta(days=1))

    carry_on("notification", str(notification.pk))
    deliver(notification)

    assert mailoutbox == []


def test_old_notices_are_deleted(notification) -> None:
    Notification.objects.update(created_at=Now() - timedelta(days=8))

    delete_old()

    assert not Notification.objects.exists()


@pytest.fixture
def server(settings) -> Iterator[MailServer]:
    with mail_server() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_USE_TLS = False
        yield running


@pytest.fixture
def ended(rollout) -> Notification:
    """What a rollout notes in which one account failed."""
    plan(rollout)
    failed = runs_of(rollout).order_by("number").last()
    assert failed is not None
    error = {"message": "Größe\n.\nQUIT", "hint": "Fix it."}
    runs_of(rollout).filter(pk=failed.pk).update(status=Status.FAILED, error=error)
    move(rollout, Status.PLANNED, Status.VERIFIED)
    return Notification.objects.get()


def test_the_end_of_a_rollout_arrives(server, ended) -> None:
    deliver(ended)

    (message,) = server.messages
    assert server.recipients == ["<ann@example.com>"]
    assert message["Subject"] == (
        f"Bowline: {ended.rollout} is finished: 1 of 3 accounts failed"
    )
    assert message["From"] == "bowline@example.com"
    body = message.get_content().replace("\r\n", "\n")
    assert "- 1 account: Größe . QUIT\n  Fix: Fix it.\n" in body
    assert f"https://bowline.example.com/runs/rollouts/{ended.rollout_id}/" in body


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is missing")
def test_nobody_else_is_taken_for_the_mail_server(
    ended, settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "tls.crt"
    subprocess.run(
        [settings.BASE_DIR / "deploy/self-signed-certificate", "localhost", tmp_path],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, tmp_path / "tls.key")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_USE_SSL, settings.EMAIL_USE_TLS = True, False
    with mail_server(context) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", server.port
        deliver(ended)
        assert server.messages == []

        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        Notification.objects.update(due_at=ended.created_at)
        deliver(Notification.objects.get())

    assert len(server.messages) == 1


def test_a_server_that_refuses_is_asked_again_and_takes_it_then(server, ended) -> None:
    server.refusal = b"450 greylisted, try again later"
    deliver(ended)
    assert server.messages == []

    server.refusal = b""
    Notification.objects.update(due_at=ended.created_at)
    deliver(ended)

    assert len(server.messages) == 1
    assert not Activity.objects.filter(what="not sent").exists()


def test_a_server_that_is_not_there_breaks_nothing(ended, settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    deliver(ended)

    ended.refresh_from_db()
    assert (ended.done_at, ended.tries) == (None, 1)
    assert ended.rollout is not None
    assert ended.rollout.has_ended
