"""What somebody says of an owner, where Bowline cannot see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.decisions.decision import decision
from accounts.models import Activity, HandOff, Run
from accounts.models.activity import name_of
from accounts.people.activity import record
from accounts.people.reach import around_its_account
from accounts.people.roles import OPERATOR
from accounts.runs.owners.looking import NoOneWaits, look_soon
from accounts.runs.owners.versions import unseen

if TYPE_CHECKING:
    from django.contrib.auth.models import User

What = Activity.What


@decision(
    "record that an owner updated the stack",
    OPERATOR,
    What.UPDATED,
    touches=around_its_account,
)
def take_word(run: Run, by: User) -> Run:
    """Record that the owner deployed the last version, and look; raise NoOneWaits."""
    if run.account is None or run.kind == Run.Kind.REMOVE or not unseen(run):
        raise NoOneWaits(f"{run.title} isn't waiting for a confirmation.")
    look_soon.function(run, by)
    last = HandOff.objects.newest().get(account=run.account_id)
    last.said_at, last.said_by, last.said_by_name = timezone.now(), by, name_of(by)
    last.save(update_fields=["said_at", "said_by", "said_by_name"])
    detail = {"run": str(run.pk), "version": last.number, "digest": last.text_id}
    record(by, What.UPDATED, run.account_name, detail)
    return run
