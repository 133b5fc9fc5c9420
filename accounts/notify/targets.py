"""What administrators decide about targets; each decision is in the activity log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.utils import timezone

from accounts.decisions.decision import setting
from accounts.models import Activity, Notification, Target
from accounts.models.people import MovedMeanwhile
from accounts.notifications.notifying import note
from accounts.people.activity import record

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST = 50
"""Of targets, each of which a worker may have to wait for."""


@setting("add a target of notifications")
def add(by: User, target: Target) -> None:
    target.created_by = by
    target.save(force_insert=True)
    record_of(by, target, "added", **target_detail(target))


@setting("change a target of notifications")
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


@setting("pause a target of notifications, or resume it")
def pause(target: Target, by: User, *, pauses: bool = True) -> bool:
    """Send it nothing for now, or something again; return whether that is news."""
    if pauses == bool(target.paused_at):
        return False
    target.paused_at = timezone.now() if pauses else None
    target.save(update_fields=["paused_at"])
    return record_of(by, target, "paused" if pauses else "resumed")


@setting("give a webhook a new secret")
def rotate(target: Target, by: User, seen: int) -> None:
    """Sign with another secret than the one of the page that was seen, once; raise
    MovedMeanwhile where it has another one.
    """
    if target.rotation != seen:
        raise MovedMeanwhile(
            f"{target} already has a new secret, which is shown only once. If you "
            "didn't copy it, open the target and create another secret."
        )
    target.rotation += 1
    target.save(update_fields=["rotation"])
    record_of(by, target, "given a new secret", rotation=target.rotation)


@setting("remove a target of notifications")
def remove(target: Target, by: User) -> None:
    record_of(by, target, "removed", **target_detail(target))
    target.delete()


@setting("send a test to a target of notifications")
def send_test(target: Target, by: User) -> Notification:
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
