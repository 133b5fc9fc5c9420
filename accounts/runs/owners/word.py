"""What somebody says of an owner, where Bowline cannot see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from accounts.models import Activity, HandOff, Run
from accounts.models.activity import name_of
from accounts.people.activity import record
from accounts.runs.owners.looking import look_soon
from accounts.runs.owners.versions import unseen

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def not_awaited(run: Run) -> str:
    """Say that nothing waits for what somebody says of the owner."""
    return f"{run.title} isn't waiting for a confirmation."


def take_word(run: Run, by: User) -> bool:
    """Record that the owner deployed the last version, and look; False where nothing
    waits for that. Raise Outside as `look_soon` does.
    """
    with transaction.atomic():
        if run.kind == Run.Kind.REMOVE or not unseen(run) or not look_soon(run, by):
            return False
        last = HandOff.objects.newest().get(account=run.account_id)
        last.said_at, last.said_by, last.said_by_name = timezone.now(), by, name_of(by)
        last.save(update_fields=["said_at", "said_by", "said_by_name"])
        detail = {"run": str(run.pk), "version": last.number, "digest": last.text_id}
        record(by, Activity.What.UPDATED, run.account_name, detail)
    return True
