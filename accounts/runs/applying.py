"""Apply: compare again, refuse what nobody approved, carry out the rest.

It may be killed at any line: AWS is the truth, and the next worker compares again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from django.db import transaction
from django.utils import timezone

from accounts.mapping import snapshots
from accounts.mapping.plans import plan_of
from accounts.models import ManagedAccount, ManagingAccount, Run, Step
from accounts.models.states import Status
from accounts.runs.scope import Scope
from onboarding.aws.apply import apply
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.resources.kinds import Key
from onboarding.resources.plan import Change, Plan, PlanOutdated
from onboarding.topology import Reach

MANAGING_PATIENCE = 180.0
"""Seconds to wait for another run to let go of the managing account."""

Steps = dict[Key, Step]


def apply_run(run: Run, scope: Scope, sessions: Sessions) -> None:
    """Carry out what was approved, the managing side first, and nothing else."""
    refuse_edited(run, scope)
    rows = list(run.steps.all())
    plan = plan_of(run, rows)
    steps = {Key(step.account_id, step.kind, step.name): step for step in rows}
    own = [(side.reach, side.changes(sessions)) for side in scope.own]
    for _, changes in own:
        plan.refuse_unapproved(changes)
    if scope.account and scope.managed:
        snapshot = snapshots.managed_snapshot(scope.managing, scope.managed)
        snapshots.keep(scope.account, snapshot)
    if scope.shared:
        apply_managing(run, scope.row, sessions, plan, steps)
    for reach, changes in own:
        carry_out(run, sessions, reach, changes, steps)
    now = timezone.now()
    left = run.steps.exclude(status=Step.Status.DONE)
    left.update(status=Step.Status.DONE, finished_at=now, message="Stood already.")
    if run.kind == Run.Kind.REMOVE:
        finish_removal(run)
    else:
        run.move(Status.VERIFYING, since=(Status.APPLYING,), waiting="")


def refuse_edited(run: Run, scope: Scope) -> None:
    """Raise PlanOutdated where somebody edited what the plan is about."""
    if edit := run.outdated_by(scope.account, scope.row):
        raise PlanOutdated(edit)


def apply_managing(
    run: Run, row: ManagingAccount, sessions: Sessions, plan: Plan, steps: Steps
) -> None:
    """Bring the managing side in step, one run at a time.

    Two runs that wrote the same AssumeRole policy at once would lose one's account.
    The account counts as granted before AWS hears of it, so that whoever comes next
    finds it among the others. What it is compared with is loaded under the lease.
    """
    wait_for(row, run)
    try:
        if run.kind != Run.Kind.REMOVE:
            grant([run.account] if run.account else run.grants.all())
        scope = Scope.load(run)
        (side,) = scope.shared
        changes = side.changes(sessions)
        plan.refuse_unapproved(changes)
        snapshots.keep(scope.row, snapshots.managing_snapshot(scope.row))
        carry_out(run, sessions, side.reach, changes, steps, also=row.extend_lease)
    finally:
        row.free_lease()


def grant(accounts: Iterable[ManagedAccount]) -> None:
    """Count the accounts among those that may be assumed, at the end of their order."""
    for account in accounts:
        if account.granted_at is None:
            account.granted_at = timezone.now()
            account.save(update_fields=["granted_at"])


def wait_for(row: ManagingAccount, run: Run) -> None:
    give_up = time.monotonic() + MANAGING_PATIENCE
    while not row.take_lease():
        if time.monotonic() > give_up:
            raise PlanOutdated("Other runs kept the managing account busy too long.")
        run.say("Another run is changing the managing account.")
        time.sleep(1)
    run.say("")


def carry_out(
    run: Run,
    sessions: Sessions,
    reach: Reach,
    changes: Iterable[Change],
    steps: Steps,
    *,
    also: Callable[[], None] = lambda: None,
) -> None:
    for change in changes:
        run.extend_lease()
        also()
        step = steps[change.resource.key]
        step.status, step.started_at = Step.Status.RUNNING, timezone.now()
        step.save(update_fields=["status", "started_at"])
        try:
            apply(sessions, reach, change, waiting=run.say)
        except AwsError as error:
            step.status, step.finished_at = Step.Status.FAILED, timezone.now()
            step.message, step.hint = error.message, error.hint
            step.save(update_fields=["status", "finished_at", "message", "hint"])
            raise
        step.status, step.finished_at = Step.Status.DONE, timezone.now()
        step.save(update_fields=["status", "finished_at"])


def finish_removal(run: Run) -> None:
    with transaction.atomic():
        if run.move(Status.REMOVED, since=(Status.APPLYING,), waiting=""):
            ManagedAccount.objects.filter(pk__in=[run.account_id]).remove()
