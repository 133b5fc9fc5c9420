"""A notice is sent once; again where the server refuses; given up in the end."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.db import DatabaseError, connection
from django.db.models.functions import Now

from accounts.models import Activity, Notice, Preferences, Rollout
from accounts.notify import sending
from accounts.notify.sending import MOST_TRIES, deliver
from accounts.tasks import carry_on, delete_old

pytestmark = pytest.mark.django_db


@pytest.fixture
def notice(rollout, ann) -> Notice:
    rows = Rollout.objects.filter(pk=rollout.pk)
    rows.update(state=Rollout.State.STOPPED, finished_at=Now())
    return Notice.objects.create(person=ann, what="ended", rollout=rollout)


@pytest.fixture
def refusing(monkeypatch) -> None:
    def refuse(notice, text) -> None:
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")

    monkeypatch.setattr(sending, "send_mail", refuse)


def done(notice: Notice) -> bool:
    notice.refresh_from_db()
    return notice.done_at is not None


def test_it_is_sent_to_the_address_of_the_person(notice, mailoutbox) -> None:
    carry_on("notice", str(notice.pk))

    (message,) = mailoutbox
    assert message.to == ["ann@example.com"]
    assert message.from_email == "bowline@example.com"
    assert message.message()["Message-ID"] == f"<{notice.pk}@bowline.example.com>"
    assert message.message()["Auto-Submitted"] == "auto-generated"
    assert done(notice)


def test_a_second_message_sends_nothing(notice, mailoutbox) -> None:
    deliver(Notice.objects.get())
    deliver(notice)

    assert len(mailoutbox) == 1


def test_what_another_worker_holds_is_left_alone(notice, mailoutbox) -> None:
    Notice.objects.get().take_lease()

    deliver(notice)

    assert mailoutbox == []
    assert not Notice.objects.abandoned().exists()


def test_it_is_sent_by_another_worker_where_one_was_killed(notice, mailoutbox) -> None:
    Notice.objects.get().take_lease()
    Notice.objects.update(tries=1, leased_until=Now() - timedelta(seconds=1))

    deliver(Notice.objects.abandoned().get())

    assert len(mailoutbox) == 1


def test_no_transaction_is_open_while_it_is_sent(
    notice, monkeypatch, transactional_db
) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(
        sending, "send_mail", lambda *_: seen.append(connection.in_atomic_block)
    )

    deliver(notice)

    assert seen == [False]


def test_it_is_tried_again_later_where_the_server_refuses(notice, refusing) -> None:
    Notice.objects.update(queued_at=Now())

    deliver(notice)

    assert not done(notice)
    assert not Notice.objects.due().exists()
    Notice.objects.update(due_at=Now())
    assert Notice.objects.abandoned().get() == notice


def test_it_is_given_up_after_some_tries_and_the_log_says_so(notice, refusing) -> None:
    for _ in range(MOST_TRIES):
        Notice.objects.update(due_at=Now())
        deliver(notice)

    assert done(notice)
    entry = Activity.objects.get(what="not sent")
    assert (entry.who, entry.about) == ("Bowline", f"{notice.rollout}")
    assert entry.detail == {
        "to": "ann",
        "why": "SMTPServerDisconnected: Connection unexpectedly closed",
    }


def test_whatever_the_server_says_can_be_kept(notice, monkeypatch) -> None:
    monkeypatch.setattr(sending, "wants_mail", Mock(side_effect=OSError("\0" * 999)))
    Notice.objects.update(tries=MOST_TRIES - 1)

    deliver(notice)

    why = Activity.objects.get(what="not sent").detail["why"]
    assert why.startswith("OSError: \ufffd")
    assert len(why) == sending.LONGEST


def test_it_is_not_given_up_where_the_log_cannot_say_so(
    notice, refusing, monkeypatch
) -> None:
    monkeypatch.setattr(sending, "record", Mock(side_effect=DatabaseError))
    Notice.objects.update(tries=MOST_TRIES - 1)

    with pytest.raises(DatabaseError):
        deliver(notice)

    assert not done(notice)


def test_one_that_kills_its_workers_is_given_up(notice, mailoutbox) -> None:
    Notice.objects.update(tries=MOST_TRIES)

    deliver(notice)

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
    notice, ann, changed, mailoutbox
) -> None:
    type(ann).objects.filter(pk=ann.pk).update(**changed)

    deliver(notice)

    assert mailoutbox == []
    assert done(notice)


def test_nothing_is_sent_once_there_is_no_mail_server(
    notice, settings, mailoutbox
) -> None:
    settings.EMAIL_HOST = ""

    deliver(notice)

    assert mailoutbox == []
    assert done(notice)


def test_nothing_is_sent_to_whom_switched_it_off(notice, ann, mailoutbox) -> None:
    Preferences.objects.create(person=ann, mail=False)

    deliver(notice)

    assert mailoutbox == []
    assert done(notice)


def test_nothing_is_sent_that_is_no_longer_so(notice, mailoutbox) -> None:
    Rollout.objects.update(state=Rollout.State.PLANNING)

    deliver(notice)

    assert mailoutbox == []
    assert done(notice)


def test_nothing_is_sent_a_day_later(notice, mailoutbox) -> None:
    Notice.objects.update(created_at=Now() - timedelta(days=1))

    carry_on("notice", str(notice.pk))
    deliver(notice)

    assert mailoutbox == []


def test_old_notices_are_deleted(notice) -> None:
    Notice.objects.update(created_at=Now() - timedelta(days=8))

    delete_old()

    assert not Notice.objects.exists()
