"""What is left to the owner of a managing account that is handed off.

Bowline reads there what it can, and changes nothing.
"""

from __future__ import annotations

from accounts.models import Run
from accounts.runs.foreign.as_found import worded
from accounts.runs.scope import Scope
from accounts.runs.verifying import without_others
from onboarding.aws.session import Sessions
from onboarding.resources.plan import Change


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
    return f"The owner of {scope.managing.name} has not deployed this yet: {left}"
