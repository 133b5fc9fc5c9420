"""Apply: compare again, refuse what nobody approved, carry out the rest.

It may be killed at any line: AWS is the truth, and the next worker compares again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from django.db import transaction
from django.utils import timezone

from accounts.mapping.rows import managing_row
from accounts.models import ManagedAccount, ManagingAccount, Run, Step
from accounts.models.states import State, Status
from accounts.runs.actions import mark
from accounts.runs.sides import managing_part, own_sides
from accounts.runs.snapshots import remember
from onboarding.aws.apply import apply
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Reach, Sessions
from onboarding.resources.kinds import Key
from onboarding.resources.plan import Change, Delta, PlanOutdated, refuse_unapproved

MANAGING_PATIENCE = 180.0
"""Seconds to wait for another run to let go of the managing account."""


def apply_run(run: Run, sessions: Sessions) -> None:
    """Carry out what was approved, the managing side first, and nothing else."""
    refuse_edited(run)
    steps = {key_of(step): step for step in run.steps.all()}
    approved = [delta_of(step) for step in steps.values()]
    own = [(side.reach, side.changes(sessions)) for side in own_sides(run)]
    for _, changes in own:
        refuse_unapproved(changes, approved)
    if run.account is not None:
        remember(run.account)
    if not run.alone:
        apply_managing(run, sessions, steps, approved)
    for reach, changes in own:
        carry_out(run, sessions, reach, changes, steps)
    now = timezone.now()
    left = run.steps.exclude(status=Step.Status.DONE)
    left.update(status=Step.Status.DONE, finished_at=now, message="Stood already.")
    if run.kind == Run.Kind.REMOVE:
        finish_removal(run)
    else:
        run.move(Status.VERIFYING, since=(Status.APPLYING,), waiting="")


def refuse_edited(run: Run) -> None:
    if run.account is not None and run.account.version != run.version:
        raise PlanOutdated(f"{run.account_name} was edited after it was planned.")
    if managing_row().version != run.managing_version:
        raise PlanOutdated("The managing account was edited after this was planned.")


def key_of(step: Step) -> Key:
    return Key(step.account_id, step.kind, step.name)


def delta_of(step: Step) -> Delta:
    return Delta(key_of(step), frozenset(step.removed), frozenset(step.added))


def apply_managing(
    run: Run, sessions: Sessions, steps: dict[Key, Step], approved: Iterable[Delta]
) -> None:
    """Bring the managing side in step, one run at a time.

    Two runs that wrote the same AssumeRole policy at once would lose one's account.
    The account counts as granted before AWS hears of it, so that whoever comes next
    sees it among those that stand.
    """
    row = managing_row()
    wait_for(row, run)
    try:
        if run.kind != Run.Kind.REMOVE:
            grant([run.account] if run.account else run.grants.all())
        side = managing_part(run)
        changes = side.changes(sessions)
        refuse_unapproved(changes, approved)
        remember(row)
        carry_out(run, sessions, side.reach, changes, steps, also=row.extend_lease)
    finally:
        row.free_lease()


def grant(accounts: Iterable[ManagedAccount]) -> None:
    """Count the accounts among those that stand, at the end of their order."""
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
    steps: dict[Key, Step],
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
            mark(
                run,
                State.DRAFT,
                granted_at=None,
                verified_at=None,
                accepted_at=None,
                proof="",
                former_external_id=None,
                policy_set=0,
                applied=[],
            )
