"""Apply: compare again, refuse what nobody approved, carry out the rest.

It may be killed at any line: AWS is the truth, and the next worker compares again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.mapping import snapshots
from accounts.mapping.entries import described_entries, keep_approved
from accounts.mapping.left_over import forgotten_by
from accounts.mapping.managing import managing_row
from accounts.mapping.plans import change_of, plan_of, steps_of
from accounts.models import (
    ForeignPolicy,
    FoundRoles,
    HandOff,
    ManagedAccount,
    ManagingAccount,
    Run,
    Step,
)
from accounts.models.states import State, Status
from accounts.models.steps import finish_steps, note_all
from accounts.runs.managing.proving import prove_managing
from accounts.runs.owners.managing import left_to_owner
from accounts.runs.owners.waiting import wait_for_owner
from accounts.runs.scope import Scope
from accounts.slices import in_slices
from onboarding.aws.apply import apply
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.desired import assume_list
from onboarding.resources.kinds import Key
from onboarding.resources.plan import Change, Plan, PlannedChange, PlanOutdated
from onboarding.spinnaker.entry_documents import entries_of
from onboarding.topology import Reach

MANAGING_PATIENCE = 180.0
"""Seconds to wait for other runs to release the managing account, from when the last of
them did.
"""

MANAGING_BUSY = "Waiting for another run to finish with the managing account."

Steps = dict[Key, Step]


def apply_run(run: Run, scope: Scope, sessions: Sessions) -> None:
    """Carry out what was approved, the managing side first, and nothing else.

    A removal, too: Spinnaker may not assume what is half deleted.
    """
    refuse_edited(run, scope)
    refuse_other_entries(run, scope)
    rows = list(run.steps.all())
    plan = plan_of(run, rows)
    steps = {Key(step.account_id, step.kind, step.name): step for step in rows}
    if scope.managed and scope.managed.is_handed_off:
        apply_with_owner(run, scope, sessions, plan, steps)
        return
    # Read again, however recently it was planned: somebody may have changed it since.
    own = [(side, side.compared(sessions)) for side in scope.own]
    for _, one in own:
        plan.refuse_unapproved(one.changes)
    apply_shared(run, scope, sessions, plan, steps)
    try:
        for side, one in own:
            changes = one.with_removals(approved=plan)
            carry_out(run, sessions, side.reach, changes, steps, held=run.extend_lease)
            side.hand_on(sessions, one, changes)
    except AwsError:
        prove_managing(run, sessions)  # the run ends here, without a verification
        raise
    if run.kind == Run.Kind.REMOVE:
        prove_managing(run, sessions)
    if left_to_owner(run, scope, sessions):
        wait_for_owner(run, scope, sessions)
        return
    with transaction.atomic():
        finish(run)


def apply_with_owner(
    run: Run, scope: Scope, sessions: Sessions, plan: Plan, steps: Steps
) -> None:
    """Carry out what concerns the managing account, and leave the rest to the owner.

    A removal waits first: as long as Spinnaker's identity may assume the role, AWS's
    refusal proves that the role is gone.
    """
    removes = run.kind == Run.Kind.REMOVE
    if removes and not run.is_refused:
        wait_for_owner(run, scope, sessions)
        return
    apply_shared(run, scope, sessions, plan, steps)
    prove_managing(run, sessions)
    if removes:
        with transaction.atomic():
            finish(run)
        return
    wait_for_owner(run, scope, sessions)


def apply_shared(
    run: Run, scope: Scope, sessions: Sessions, plan: Plan, steps: Steps
) -> None:
    if scope.shared and scope.managing.is_handed_off:
        leave_managing(run, scope.row)
    elif scope.shared:
        apply_managing(run, scope.row, sessions, plan, steps)
    else:
        run.extend_lease()
        refuse_assumable(run, scope)
        remember(scope)


def leave_managing(run: Run, row: ManagingAccount) -> None:
    """Count the run's accounts in or out, so that the next version of the list that the
    managing account's owner receives says so. Bowline changes nothing there.
    """
    wait_for(row, run)
    try:
        scope = Scope.load(run)
        run.extend_lease()
        grant_or_withdraw(run, scope)
        remember(scope)
    finally:
        row.free_lease()


def finish(run: Run) -> None:
    """Hand the run on to its verification, or end it where everything was removed."""
    removes = run.kind == Run.Kind.REMOVE
    to = Status.REMOVED if removes else Status.VERIFYING
    run.carry(to, since=(Status.APPLYING,), waiting="")
    now = timezone.now()
    finish_steps(run.steps.all(), "Already existed.", now)
    if removes:
        ManagedAccount.objects.filter(pk__in=[run.account_id]).remove()
        ForeignPolicy.objects.filter(account=run.account_id).delete()
        FoundRoles.objects.filter(account=run.account_id).delete()
        HandOff.objects.in_force().filter(account=run.account_id).update(removed_at=now)
    else:
        keep_approved(run)


def refuse_edited(run: Run, scope: Scope) -> None:
    """Raise PlanOutdated where somebody edited what the plan is about."""
    if edit := run.outdated_by(scope.account, scope.row):
        raise PlanOutdated(edit)


def refuse_assumable(run: Run, scope: Scope) -> None:
    """Raise PlanOutdated where a removal would delete what Spinnaker may assume still:
    the managing account's run should have withdrawn it. That of an organization cannot.
    """
    account = scope.account
    if run.kind != Run.Kind.REMOVE or account is None or scope.row.organization:
        return
    if account.is_assumable:
        raise PlanOutdated(f"Spinnaker may still assume the roles of {account.name}.")


def refuse_other_entries(run: Run, scope: Scope) -> None:
    """Raise PlanOutdated where Spinnaker would know what nobody approved."""
    if run.kind != Run.Kind.ONBOARD or not (scope.account and scope.managed):
        return
    approved = [run.entries.get("after", [])]
    described = [described_entries(scope.managing, scope.managed)]
    if entries_of(scope.managing, approved) != entries_of(scope.managing, described):
        raise PlanOutdated(
            f"Spinnaker's configuration of {scope.account.name} differs from the plan."
        )


def apply_managing(
    run: Run, row: ManagingAccount, sessions: Sessions, plan: Plan, steps: Steps
) -> None:
    """Apply the managing side, one run at a time.

    Two runs that wrote the same AssumeRole policy at once would lose one's account.
    What it is compared with is loaded under the lease. The account counts as granted or
    as withdrawn before AWS hears of it, so that whoever comes next finds it so.
    """

    def held() -> None:
        run.extend_lease()
        row.extend_lease()

    wait_for(row, run)
    try:
        scope = Scope.load(run)
        (side,) = scope.shared
        one = side.compared(sessions)
        refuse_unapproved(run, plan, one.changes)
        changes = one.with_removals(approved=plan)
        held()
        grant_or_withdraw(run, scope)
        remember(scope)
        change_managing(run, scope, sessions, changes, steps, held=held)
    finally:
        row.free_lease()


def change_managing(
    run: Run,
    scope: Scope,
    sessions: Sessions,
    changes: Iterable[Change],
    steps: Steps,
    *,
    held: Callable[[], None],
) -> None:
    """Carry out the changes of the managing side, and let its row say so: a run of an
    account changes it along, one of its own has said so when it was approved.
    """
    (side,) = scope.shared
    along = ManagingAccount.objects.none()
    if run.kind != Run.Kind.MANAGING:
        along = ManagingAccount.objects.all()
    if changes or scope.row.state in (State.DRAFT, State.OUTDATED):
        along.change_along(scope.row.version)
    try:
        changes = each_while(held, changes)
        carry_out(run, sessions, side.reach, changes, steps, held=held)
    except AwsError:
        along.at(scope.row.version).fail_along()
        raise


def each_while(held: Callable[[], None], changes: Iterable[Change]) -> Iterator[Change]:
    """Yield the changes; `held` is asked before each of them and after the last one."""
    for change in changes:
        held()
        yield change
    held()


def remember(scope: Scope) -> None:
    """Keep what is about to be made, before anything of it exists."""
    if scope.account and scope.managed:
        snapshot = snapshots.managed_snapshot(scope.managing, scope.managed)
        snapshots.keep(scope.account, snapshot)
    if scope.shared:
        snapshots.keep(scope.row, snapshots.managing_snapshot(scope.row))


def grant_or_withdraw(run: Run, scope: Scope) -> None:
    """Count the run's accounts among those that may be assumed, or no longer: exactly
    those of the scope, whatever is decided about others meanwhile.
    """
    for some in in_slices(sorted(scope.withdraws)):
        ManagedAccount.objects.filter(account_id__in=some).withdraw()
    if run.kind == Run.Kind.REMOVE:
        return
    forgotten_by(run).remove()
    accounts = [run.account] if run.account else run.grants.all()
    for place, account in enumerate(accounts):
        after = timedelta(microseconds=place)
        ManagedAccount.objects.filter(pk=account.pk).grant(after)


def refuse_unapproved(run: Run, plan: Plan, changes: Iterable[Change]) -> None:
    """Raise PlanOutdated where the managing side would change otherwise than approved.

    The list of accounts may change by what other runs are about to change, too: each
    was approved, and a worker may have died before it did so.
    """
    listed, rest = assume_list.split(changes)
    plan.refuse_unapproved(rest)
    others = Run.objects.filter(status=Status.APPLYING).exclude(pk=run.pk)
    sums = [
        assume_list.approved_sum(map(change_of, other.steps.all()))
        for other in others.prefetch_related("steps")
    ]
    assume_list.refuse_unapproved(listed, plan.changes, sums)


def wait_for(row: ManagingAccount, run: Run) -> None:
    """Take the managing account's lease after the runs that are older and wait, too:
    else one of many could be overtaken forever.
    """
    ahead, since = older_waiting(run), time.monotonic()
    while ahead or not row.take_lease():
        if time.monotonic() > since + MANAGING_PATIENCE:
            raise PlanOutdated("Other runs used the managing account for too long.")
        run.say(MANAGING_BUSY)
        time.sleep(min(1.0, 0.1 * (1 + ahead)))
        before, ahead = ahead, older_waiting(run)
        if ahead < before:
            since = time.monotonic()
    run.say("")


def older_waiting(run: Run) -> int:
    """Count the runs before this one that wait for the managing account now."""
    waiting = Run.objects.filter(waiting=MANAGING_BUSY, leased_until__gt=Now())
    return waiting.filter(status=Status.APPLYING, number__lt=run.number).count()


def step_more(run: Run, change: Change) -> Step:
    """Record what no step is about: a policy that the list of accounts needs now."""
    planned = PlannedChange.of(change, managing_row().name)
    (step,) = steps_of(run, Plan(changes=(planned,)))
    step.position = run.steps.count()
    step.save()
    return step


def carry_out(
    run: Run,
    sessions: Sessions,
    reach: Reach,
    changes: Iterable[Change],
    steps: Steps,
    *,
    held: Callable[[], None],
) -> None:
    """Carry out changes one by one. `held` raises LeaseLost once another worker took
    over: it is asked before every write to AWS, and each write to a step asks itself.
    """
    done: dict[Step, dict[str, Any]] = {}
    for change in changes:
        step = steps.get(change.resource.key)
        if step is None:
            held()
            step = step_more(run, change)
        begins = {"status": Step.Status.RUNNING, "started_at": timezone.now()}
        note_all(run, {**done, step: begins})
        try:
            apply(sessions, reach, change, before_write=held, waiting=run.say)
        except AwsError as error:
            step.note(
                run,
                status=Step.Status.FAILED,
                finished_at=timezone.now(),
                message=error.message,
                hint=error.hint,
            )
            raise
        done = {step: {"status": Step.Status.DONE, "finished_at": timezone.now()}}
    if done:
        note_all(run, done)
