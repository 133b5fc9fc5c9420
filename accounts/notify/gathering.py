"""Tell together what happened to single runs, and once a day which proofs are stale and
what needs attention.

What happens within five minutes is one notice, and the next one of its kind comes an
hour later at the earliest: a night in which thousands of verifications fail is a
handful of notices, not thousands.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import (
    Digest,
    Happened,
    ManagedAccount,
    Notification,
    Preferences,
    Run,
    Target,
)
from accounts.models.states import verification_is_stale
from accounts.notifications.notifying import approvers_of, is_configured, note
from accounts.notify.texts import needs_attention

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
    if told or not needs_attention():
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
