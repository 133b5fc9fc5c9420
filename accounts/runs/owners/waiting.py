"""How a run begins to wait for the account's owner."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.mapping.entries import keep_approved
from accounts.models import Run
from accounts.models.states import Status
from accounts.runs.owners.handed_out import (
    keep_handed_out,
    keep_managing_handed_out,
)
from accounts.runs.owners.publishing import publish
from accounts.runs.scope import Scope
from onboarding.aws.session import Sessions


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
            waiting="",
            handed_off_at=now,
            awaited_from=now,
            look_at=now,
        )
        run.unedited_subject.hand_off()
        if run.kind == Run.Kind.REMOVE:
            return
        keep_approved(run)
        if scope.managed and scope.managed.is_handed_off:
            keep_handed_out(run, scope.managing, scope.managed)
        if scope.shared and scope.managing.is_handed_off:
            keep_managing_handed_out(run, scope.row)
