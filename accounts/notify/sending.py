"""Send notices: at least once, and again where the mail server was away."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import Activity, Notification, Preferences
from accounts.models.account import storable
from accounts.notifications.notifying import address_of, environments_in, is_configured
from accounts.notify.channels import NotDelivered, send_to_target
from accounts.notify.texts import Text, text_of
from accounts.people.activity import record
from accounts.work.queue import holding

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def wants_mail(person: User, notification: Notification) -> bool:
    """Return whether the person chose to hear of this kind, in these environments.
    Nobody chooses to hear nothing of what changes about their own account.
    """
    if notification.what == Notification.What.OWN:
        return person.is_active
    chosen = Preferences.objects.filter(person=person).first()
    chosen = chosen or Preferences(person=person)
    if not (person.is_active and chosen.mail and notification.kind in chosen.kinds):
        return False
    if not chosen.environments or notification.rollout is None:
        return True  # texts.py leaves out what is in other environments
    return bool(set(chosen.environments) & environments_in(notification.rollout))


def send_mail(notification: Notification, text: Text) -> None:
    """Send it, or raise what smtplib or the network raises."""
    assert notification.person is not None
    site = urlsplit(settings.SITE_URL).hostname
    message = EmailMessage(
        subject=text.subject,
        body=text.body,
        to=[address_of(notification.person)],
        headers={
            "Message-ID": f"<{notification.pk}@{site}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    message.send()


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
