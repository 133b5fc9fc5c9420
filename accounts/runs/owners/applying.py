"""Apply a plan of which the owner of an account carries out a part."""

from __future__ import annotations

from accounts.models import (
    Run,
)
from accounts.runs.applying import apply_run, approved_plan, finish
from accounts.runs.managing.applying import apply_shared
from accounts.runs.managing.proving import verify_managing_account
from accounts.runs.owners.waiting import left_to_owner, wait_for_owner
from accounts.runs.scope import Scope
from onboarding.aws.session import Sessions


def apply_stage(run: Run, scope: Scope, sessions: Sessions) -> None:
    """Carry out what was approved; the run then waits where an owner has to deploy
    something, and else continues.
    """
    if scope.managed and scope.managed.is_handed_off:
        waits = apply_for_owner(run, scope, sessions)
    else:
        apply_run(run, scope, sessions)
        waits = bool(left_to_owner(run, scope, sessions))
    if waits:
        wait_for_owner(run, scope, sessions)
    else:
        finish(run)


def apply_for_owner(run: Run, scope: Scope, sessions: Sessions) -> bool:
    """Carry out what concerns the managing account; return whether the account's owner
    is to do the rest.

    A removal waits first: as long as Spinnaker's identity may assume the role, AWS's
    refusal proves that the role is gone.
    """
    plan, steps = approved_plan(run, scope)
    removes = run.kind == Run.Kind.REMOVE
    if removes and not run.is_refused:
        return True
    apply_shared(run, scope, sessions, plan, steps)
    verify_managing_account(run, sessions)
    return not removes
