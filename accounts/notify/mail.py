"""Mail, by Django's own settings: one message to one person."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage

from accounts.models import Notification, Preferences
from accounts.notifications.addresses import address_of
from accounts.notifications.notifying import environments_in
from accounts.notify.written import Text

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
