"""How a run begins to wait for an owner, and for what: the owner of the managing
account may have deployed it. Bowline reads what it can there, and changes nothing.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.mapping.entries import keep_approved
from accounts.models import Run
from accounts.models.states import Status
from accounts.runs.foreign.as_found import worded
from accounts.runs.owners.hand_offs import (
    keep_hand_off,
    keep_managing_hand_off,
)
from accounts.runs.owners.publishing import publish
from accounts.runs.scope import Scope
from accounts.runs.verifying import without_others
from onboarding.aws.session import Sessions
from onboarding.resources.plan import Change


def wait_for_owner(run: Run, scope: Scope, sessions: Sessions) -> None:
    """Let the run wait, and put the templates where the console finds them."""
    begin_waiting(run, scope)
    publish(run, scope, sessions)


def begin_waiting(run: Run, scope: Scope) -> None:
    """Let the run wait for the owners of its account, of the managing account, or of
    both: Bowline has done its part, and looks from now on.
    """
    now = timezone.now()
    with transaction.atomic():
        run.carry(
            Status.HANDED_OFF,
            since=(Status.APPLYING,),
            handed_off_at=now,
            awaited_from=now,
            look_at=now,
        )
        run.unedited_subject.hand_off()
        if run.kind == Run.Kind.REMOVE:
            return
        keep_approved(run)
        if scope.managed and scope.managed.is_handed_off:
            keep_hand_off(run, scope.managing, scope.managed)
        if scope.shared and scope.managing.is_handed_off:
            keep_managing_hand_off(run, scope.row)


def left_to_owner(run: Run, scope: Scope, sessions: Sessions) -> tuple[Change, ...]:
    """Find what the owner has not deployed of what this run needs; all of it, as long
    as Bowline cannot read the account.

    A removal needs nothing: a role that is gone may stay in the list for a while.
    """
    handed_off = scope.managing.is_handed_off and run.kind != Run.Kind.REMOVE
    sides = scope.shared if handed_off else ()
    return tuple(
        change
        for side in sides
        for change in without_others(side.changes(sessions), scope)
    )


def waits_for(run: Run, scope: Scope, sessions: Sessions) -> str:
    """Say what the managing account's owner has not deployed; empty: nothing."""
    left = "; ".join(map(worded, left_to_owner(run, scope, sessions)))
    if not left:
        return ""
    return f"The owner of {scope.managing.name} hasn't deployed this yet: {left}"
