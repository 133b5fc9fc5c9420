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

from accounts.models import Activity, Notification
from accounts.models.readable import storable
from accounts.notifications.addresses import is_configured
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


def deliver(notification: Notification) -> None:
    """Send it, where it is due and nobody else does."""
    holding(notification, deliver_leased)


def deliver_leased(held: Notification) -> None:
    due = Notification.objects.due().filter(pk=held.pk)
    notification = due.select_related(*NEEDED).first()
    if notification is None:
        return
    change(notification, tries=F("tries") + 1)
    if notification.tries > MOST_TRIES:
        return give_up(notification, "Each worker that tried was killed.")
    try:
        send(notification)
    except Exception as error:
        logger.warning("The notification of %s wasn't sent: %r", notification, error)
        sentence = isinstance(error, NotDelivered)
        reason = str(error) if sentence else f"{type(error).__name__}: {error}"
        if notification.tries == MOST_TRIES or is_final(notification, error):
            return give_up(notification, reason)
        again = Now() + AGAIN_AFTER[notification.tries - 1]
        return change(notification, due_at=again, queued_at=None)
    change(notification, done_at=Now())


def send(notification: Notification) -> None:
    """Send it if it is still wanted and still so; raise what was in the way."""
    if notification.target is not None:
        if (is_test(notification) or not notification.target.paused_at) and (
            text := text_of(notification)
        ):
            send_to_target(notification.target, notification, text)
    elif (
        notification.person is not None
        and is_configured()
        and wants_mail(notification.person, notification)
        and (text := text_of(notification))
    ):
        send_mail(notification, text)


def is_test(notification: Notification) -> bool:
    """Return whether somebody looks at what becomes of it."""
    return notification.what == Notification.What.TEST


def is_final(notification: Notification, error: Exception) -> bool:
    """Return whether it is not worth trying again, or somebody does so."""
    permanent = isinstance(error, NotDelivered) and error.permanent
    return permanent or is_test(notification)


def give_up(notification: Notification, reason: str) -> None:
    """Say in the activity log that the person, or the team, does not know."""
    detail = {"to": notification.recipient, "why": storable(reason, LONGEST)}
    with transaction.atomic():
        change(notification, done_at=Now())
        if not is_test(notification):
            record("Bowline", Activity.What.NOT_SENT, str(notification), detail)


def change(notification: Notification, **fields: object) -> None:
    Notification.objects.filter(pk=notification.pk).update(**fields)
    notification.refresh_from_db(fields=list(fields))
