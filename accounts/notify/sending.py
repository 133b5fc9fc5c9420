"""Send notices: at least once, and again where the mail server or a target does not
take them.

A lease lets one worker at a time send a notice. One that is killed after the server
took the message, and before the row says so, sends it twice: a rollout that waits
unnoticed is worse, and the message has the same id, so that mail programs show one.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.discover.organization.keeping import kept_text
from accounts.models import Activity, Notice
from accounts.notices.addresses import is_configured
from accounts.notify.channels.posting import NotDelivered
from accounts.notify.channels.target import send_to_target
from accounts.notify.mail import send_mail, wants_mail
from accounts.notify.texts import text_of
from accounts.people.activity import record
from accounts.work.leases import holding

logger = logging.getLogger(__name__)

AGAIN_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
"""How long to wait after each failure: a server that greylists wants some minutes."""

MOST_TRIES = len(AGAIN_AFTER) + 1
LONGEST = 300
NEEDED = ("person", "target", "rollout", "organization", "digest", "entry")


def deliver(notice: Notice) -> None:
    """Send it, where it is due and nobody else does."""
    holding(notice, deliver_leased)


def deliver_leased(held: Notice) -> None:
    due = Notice.objects.due().filter(pk=held.pk)
    notice = due.select_related(*NEEDED).first()
    if notice is None:
        return
    change(notice, tries=F("tries") + 1)
    if notice.tries > MOST_TRIES:
        return give_up(notice, "Each worker that tried was killed.")
    try:
        send(notice)
    except Exception as error:
        logger.warning("The notice of %s was not sent: %r", notice, error)
        sentence = isinstance(error, NotDelivered)
        reason = str(error) if sentence else f"{type(error).__name__}: {error}"
        if notice.tries == MOST_TRIES or is_final(notice, error):
            return give_up(notice, reason)
        again = Now() + AGAIN_AFTER[notice.tries - 1]
        return change(notice, due_at=again, queued_at=None)
    change(notice, done_at=Now())


def send(notice: Notice) -> None:
    """Send it if it is still wanted and still so; raise what was in the way."""
    if notice.target is not None:
        if (is_test(notice) or not notice.target.paused_at) and (
            text := text_of(notice)
        ):
            send_to_target(notice.target, notice, text)
    elif (
        notice.person is not None
        and is_configured()
        and wants_mail(notice.person, notice)
        and (text := text_of(notice))
    ):
        send_mail(notice, text)


def is_test(notice: Notice) -> bool:
    """Return whether somebody looks at what becomes of it."""
    return notice.what == Notice.What.TEST


def is_final(notice: Notice, error: Exception) -> bool:
    """Return whether it is not worth trying again, or somebody does so."""
    permanent = isinstance(error, NotDelivered) and error.permanent
    return permanent or is_test(notice)


def give_up(notice: Notice, reason: str) -> None:
    """Say in the activity log that the person, or the team, does not know."""
    detail = {"to": notice.recipient, "why": kept_text(reason, LONGEST)}
    with transaction.atomic():
        change(notice, done_at=Now())
        if not is_test(notice):
            record("Bowline", Activity.What.NOT_SENT, str(notice), detail)


def change(notice: Notice, **fields: object) -> None:
    Notice.objects.filter(pk=notice.pk).update(**fields)
    notice.refresh_from_db(fields=list(fields))
