"""Send notices: at least once, and again where the mail server was away; what happens
within minutes in one, and once a day what needs attention.

What happens within five minutes is one notice, and the next one of its kind comes an
hour later at the earliest: a night in which thousands of verifications fail is a
handful of notices, not thousands.
"""

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
from django.utils import timezone

from accounts.models import (
    Activity,
    Digest,
    Happened,
    ManagedAccount,
    Notification,
    Preferences,
    Run,
    Target,
)
from accounts.models.account import storable
from accounts.models.states import verification_is_stale
from accounts.notifications.notifying import (
    address_of,
    approvers_of,
    environments_in,
    is_configured,
    note,
)
from accounts.notify.channels import NotDelivered, send_to_target
from accounts.notify.texts import Text, attention, text_of
from accounts.people.activity import record
from accounts.work.queue import holding

if TYPE_CHECKING:
    from django.contrib.auth.models import User

What = Notification.What

GATHERED_FOR = timedelta(minutes=5)
APART = timedelta(hours=1)
A_DAY = timedelta(days=1)
OF_RUNS = (What.PLANS, What.FAILED, What.DRIFTED, What.FOUND)


def gather() -> None:
    """Send what is due. A second copy finds nothing more."""
    for what in OF_RUNS:
        tell(what)
    tell_of_stale_verifications()
    tell_of_site()


@transaction.atomic
def tell(what: Notification.What) -> None:
    now = timezone.now()
    untold = Happened.objects.filter(what=what, digest=None)
    if not untold.filter(at__lte=now - GATHERED_FOR).exists():
        return
    if Digest.objects.filter(what=what, created_at__gt=now - APART).exists():
        return
    digest = Digest.objects.create(what=what, created_at=now)
    if not untold.update(digest=digest):
        digest.delete()
        return
    rows = digest.happened.order_by()
    environments = set(rows.values_list("environment", flat=True).distinct())
    note_all(digest, what, environments)


@transaction.atomic
def tell_of_stale_verifications() -> None:
    now = timezone.now()
    days = Digest.objects.filter(what=What.STALE)
    if days.filter(day=now.date()).exists():
        return
    last = days.order_by("-created_at").first()
    since = last.created_at if last else now - A_DAY
    fields = {"since": since, "created_at": now}
    digest, is_new = Digest.objects.get_or_create(
        what=What.STALE, day=now.date(), defaults=fields
    )
    if not is_new:
        return
    stale = ManagedAccount.objects.filter(verification_is_stale()).order_by()
    environments = set(stale.values_list("environment", flat=True).distinct())
    if environments:
        note_all(digest, What.STALE, environments)


@transaction.atomic
def tell_of_site() -> None:
    today = timezone.now().date()
    told = Digest.objects.filter(what=What.SITE, day=today).exists()
    if told or not attention().sentences:
        return
    digest, is_new = Digest.objects.get_or_create(what=What.SITE, day=today)
    if is_new:
        note_all(digest, What.SITE, set())


def note_all(digest: Digest, what: Notification.What, environments: set[str]) -> None:
    """Note it for whoever may hear of it; texts.py leaves out what is not for them."""
    kind = Notification.KINDS[what]
    if is_configured():
        for key in people(digest, what):
            note(Notification(person_id=key, what=what, digest=digest))
    for target in Target.objects.wanting(kind, environments):
        note(Notification(target=target, what=what, digest=digest))


def people(digest: Digest, what: Notification.What) -> set[int]:
    """Find who is to hear by their part in it, or because they asked for it."""
    if what == What.FAILED:
        started = digest.happened.exclude(run__created_by=None)
        return set(started.values_list("run__created_by", flat=True))
    if what == What.PLANS:
        runs = Run.objects.filter(pk__in=digest.happened.values("run"))
        return set(approvers_of(runs).values_list("pk", flat=True))
    kind = Notification.KINDS[what]
    chosen = Preferences.objects.filter(mail=True, person__is_active=True)
    return {one.person_id for one in chosen if kind in one.kinds}


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
