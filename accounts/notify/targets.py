"""What administrators decide about targets; each decision is in the activity log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import Activity, Notification, Target
from accounts.notifications.notifying import note
from accounts.people.activity import record

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST = 50
"""Of targets, each of which a worker may have to wait for."""


@transaction.atomic
def add(by: User, target: Target) -> None:
    target.created_by = by
    target.save(force_insert=True)
    record_of(by, target, "added", **target_detail(target))


@transaction.atomic
def change(by: User, target: Target) -> None:
    """Keep what was described; what is known of another place is forgotten."""
    before = Target.objects.get(pk=target.pk)
    columns = {name: getattr(target, name) for name in DESCRIBED}
    if target.place != before.place:
        columns |= {"sent_at": None, "failed_at": None, "failure": ""}
    Target.objects.filter(pk=target.pk).update(**columns)
    record_of(
        by, target, "changed", before=target_detail(before), after=target_detail(target)
    )


DESCRIBED = ("name", "place", "kinds", "environments")


@transaction.atomic
def pause(by: User, target: Target) -> bool:
    rows = Target.objects.filter(pk=target.pk, paused_at=None)
    return bool(rows.update(paused_at=Now())) and record_of(by, target, "paused")


@transaction.atomic
def resume(by: User, target: Target) -> bool:
    rows = Target.objects.filter(pk=target.pk, paused_at__isnull=False)
    return bool(rows.update(paused_at=None)) and record_of(by, target, "resumed")


@transaction.atomic
def rotate(by: User, target: Target, seen: int) -> bool:
    """Sign with another secret than the one of the page that was seen, once."""
    rows = Target.objects.filter(pk=target.pk, rotation=seen)
    if not rows.update(rotation=F("rotation") + 1):
        return False
    target.refresh_from_db()
    return record_of(by, target, "given a new secret", rotation=target.rotation)


@transaction.atomic
def remove(by: User, target: Target) -> None:
    record_of(by, target, "removed", **target_detail(target))
    target.delete()


@transaction.atomic
def send_test(by: User, target: Target) -> Notification:
    """Let a worker send a message, as it sends all others."""
    notification = Notification(target=target, what=Notification.What.TEST)
    note(notification)
    record_of(by, target, "tested")
    return notification


def target_detail(target: Target) -> dict[str, Any]:
    """Describe it without the path of a URL, which nobody may guess."""
    where = target.place
    if target.channel == Target.Channel.WEBHOOK:
        where = urlsplit(target.place).hostname or ""
    return {
        "channel": target.channel,
        "where": where,
        "kinds": target.kinds,
        "environments": target.environments,
    }


def record_of(by: User, target: Target, done: str, **detail: Any) -> bool:
    about = f"notifications to {target}"
    record(by, Activity.What.SETTINGS, about, {"target": done, **detail})
    return True
