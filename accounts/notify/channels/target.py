"""Send a notice to a target, and keep what became of it there."""

from __future__ import annotations

from django.db.models.functions import Now

from accounts.models import Notification, Target
from accounts.notify.channels.bodies import body_of
from accounts.notify.channels.places import NoPlace, place_of
from accounts.notify.channels.posting import NotDelivered, post
from accounts.notify.channels.signing import signed
from accounts.notify.written import Text


def send_to_target(target: Target, notification: Notification, text: Text) -> None:
    """Send it, or raise NotDelivered; either way the target says so."""
    try:
        body = body_of(target, notification, text)
        headers: dict[str, str] = {}
        if target.channel == Target.Channel.WEBHOOK:
            headers = signed(target, str(notification.pk), body)
        try:
            post(place_of(target), body.encode(), headers)
        except NoPlace as error:
            raise NotDelivered(str(error)) from None
    except NotDelivered as error:
        update_target(target, failed_at=Now(), failure=str(error)[:300])
        raise
    update_target(target, sent_at=Now())


def update_target(target: Target, **fields: object) -> None:
    Target.objects.filter(pk=target.pk).update(**fields)
