"""Apply and prove the managing account's side, which all runs share."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial

from django.db.models.functions import Now
from django.utils import timezone

from accounts.mapping import snapshots
from accounts.mapping.managing import forgotten_by
from accounts.mapping.plans import change_of
from accounts.models import (
    ManagedAccount,
    ManagingAccount,
    Notification,
    Run,
)
from accounts.models.states import State, Status
from accounts.notifications.notifying import happened
from accounts.runs import verifying
from accounts.runs.carrying_out import Steps, carry_out
from accounts.runs.foreign.keeping import keep_all_foreign, keep_as_found, seen_in
from accounts.runs.managing.kept_roles import drop_removed, keep_place
from accounts.runs.managing.other_sites import next_tags, tags_of_now
from accounts.runs.scope import Scope
from accounts.slices import in_slices
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Backoff, Sessions
from onboarding.aws.site_tags import UNTAGGED, has_tagged, write_site_tags
from onboarding.desired import assume_list
from onboarding.resources.plan import Change, Plan, PlanOutdated
from onboarding.verify.verification import LONG_BACKOFF, verify_managing

logger = logging.getLogger(__name__)


def verify_managing_account(run: Run, sessions: Sessions) -> None:
    """Walk through the managing account alone, where the run changed it and no
    verification of the run's own account follows, or only after days.

    Where AWS does not answer, it stays “applied”, which the overview lists, until any
    verification has walked through it.
    """
    scope = Scope.load(run)
    if not scope.shared or scope.managing.is_handed_off:
        return
    settling = Backoff(verifying.SETTLING, run.say)
    try:
        (looked,) = verifying.nothing_left(scope, scope.shared, sessions, settling)
        found = list(
            verify_managing(
                sessions,
                scope.managing,
                scope.managing.reach,
                waiting=run.say,
                backoff_seconds=LONG_BACKOFF,
            )
        )
    except AwsError:
        logger.warning("%s could not verify the managing account.", run, exc_info=True)
        return
    now = timezone.now()
    verifying.judge_managing(scope.row, looked, found, now)
    if keep_all_foreign(verifying.compared_of([looked]), now):
        happened(run, Notification.What.FOUND)
    keep_as_found(seen_in(verifying.compared_of([looked]), now))


MANAGING_PATIENCE = 180.0
"""Seconds to wait for other runs to release the managing account, from when the last of
them did.
"""

MANAGING_BUSY = "Waiting for another run to finish with the managing account."


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
        now = tags_of_now(scope, sessions) if changes else UNTAGGED
        held()
        grant_or_withdraw(run, scope)
        remember(scope)

        sign = partial(
            write_site_tags,
            sessions,
            scope.managing,
            next_tags(scope.row, now) if changes else UNTAGGED,
            before_write=held,
            waiting=run.say,
        )
        signs_first = has_tagged(one.observed)
        if changes and signs_first:
            sign()
        change_managing(run, scope, sessions, changes, steps, held=held)
        if changes and not signs_first:
            sign()
        side.hand_on(sessions, one, changes)
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


def refuse_assumable(run: Run, scope: Scope) -> None:
    """Raise PlanOutdated where a removal would delete what Spinnaker may assume still:
    the managing account's run should have withdrawn it. That of an organization cannot,
    where the account has the usual role.
    """
    account = scope.account
    if run.kind != Run.Kind.REMOVE or account is None:
        return
    if scope.row.organization and not account.managed_role:
        return
    if account.is_assumable:
        raise PlanOutdated(f"Spinnaker can still assume the roles of {account.name}.")


def grant_or_withdraw(run: Run, scope: Scope) -> None:
    """Count the run's accounts among those that may be assumed, or no longer: exactly
    those of the scope, whatever is decided about others meanwhile.
    """
    for some in in_slices(sorted(scope.withdraws)):
        ManagedAccount.objects.filter(account_id__in=some).withdraw()
    drop_removed(scope.row, scope.withdraws)
    if run.kind == Run.Kind.REMOVE:
        return
    forgotten_by(run).remove()
    accounts = [run.account] if run.account else run.grants.all()
    for place, account in enumerate(accounts):
        after = timedelta(microseconds=place)
        if ManagedAccount.objects.filter(pk=account.pk).grant(after):
            keep_place(scope.row, account)


def remember(scope: Scope) -> None:
    """Keep what is about to be made, before anything of it exists."""
    if scope.account and scope.managed:
        snapshot = snapshots.managed_snapshot(scope.managing, scope.managed)
        snapshots.keep_snapshot(scope.account, snapshot)
    if scope.shared:
        snapshots.keep_snapshot(scope.row, snapshots.managing_snapshot(scope.row))


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
