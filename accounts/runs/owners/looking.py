"""Wait for owners, look whether they are done, and let their runs continue."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import Error, transaction
from django.utils import timezone

from accounts.decisions.decision import decision
from accounts.mapping.entries import keep_approved
from accounts.mapping.handing_off import hand_off_of_managing, versioned
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of, managing_row
from accounts.models import (
    Activity,
    HandOff,
    ManagedAccount,
    Run,
)
from accounts.models.people import MovedMeanwhile, name_of
from accounts.models.runs import finish_steps
from accounts.models.states import Status
from accounts.people.activity import record
from accounts.people.reach import around_its_account
from accounts.people.roles import OPERATOR
from accounts.refused import Refused
from accounts.runs.applying import apply_run, approved_plan, finish
from accounts.runs.foreign.keeping import worded
from accounts.runs.managing.applying import apply_shared, verify_managing_account
from accounts.runs.owners.hand_offs import record_hand_off, unseen
from accounts.runs.scope import Scope, own_side
from accounts.runs.verifying import without_others
from accounts.work.queue import wake, wake_for_owners
from onboarding.aws.errors import AwsError
from onboarding.aws.kinds import put_template
from onboarding.aws.session import Sessions
from onboarding.details import DetailsError
from onboarding.handoff.hand_off import HandOffPackage
from onboarding.handoff.scripts import TemplateBucket
from onboarding.resources.plan import Change, NotOurs
from onboarding.resources.policy import QuotaExceeded
from onboarding.topology import Managing
from onboarding.verify.verification import is_closed, opens

if TYPE_CHECKING:
    from django.contrib.auth.models import User


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
        if run.kind != Run.Kind.REMOVE:
            keep_approved(run)
        for account, given in hand_offs_of(run, scope):
            record_hand_off(run, given, account)


def hand_offs_of(
    run: Run, scope: Scope
) -> Iterator[tuple[ManagedAccount | None, HandOffPackage]]:
    """Yield what the owners receive for whom the run waits, of its account and of the
    managing one (None). Those of a removal receive nothing.
    """
    if run.kind == Run.Kind.REMOVE:
        return
    if scope.account and scope.managed and scope.managed.is_handed_off:
        yield scope.account, versioned(scope.account.pk, scope.managing, scope.managed)
    if scope.shared and scope.managing.is_handed_off:
        yield None, hand_off_of_managing(scope.row)


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
        for change in without_others(side.compared(sessions).changes, scope)
    )


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


def template_bucket() -> TemplateBucket | None:
    name, region, prefix = settings.TEMPLATE_BUCKET
    return TemplateBucket(name, region, prefix) if name else None


def publish(run: Run, scope: Scope, sessions: Sessions) -> None:
    """Put the templates of this hand-off into the bucket, and keep where they are."""
    bucket = template_bucket()
    if bucket is None:
        return
    for account, given in hand_offs_of(run, scope):
        last = HandOff.objects.filter(account=account).first()
        put(last, given, bucket, sessions)


def put(
    last: HandOff | None,
    given: HandOffPackage,
    bucket: TemplateBucket,
    sessions: Sessions,
) -> None:
    if last is None or last.text_id != given.digest:
        return
    texts = [stack.template.text for stack in given.stacks]
    last.urls, last.unpublished = [], ""
    try:
        for text in texts:
            put_template(
                sessions,
                bucket=bucket.name,
                region=bucket.region,
                key=bucket.key(text),
                text=text,
            )
    except AwsError as error:
        last.unpublished = error.message
    else:
        last.urls = [bucket.url(text) for text in texts]
    last.save(update_fields=["urls", "unpublished"])


PACE = (
    (timedelta(minutes=10), timedelta(seconds=30)),
    (timedelta(minutes=70), timedelta(minutes=5)),
    (timedelta(days=7), timedelta(hours=1)),
    (timedelta(days=30), timedelta(days=1)),
)
"""How often it looks, by how long it has waited: (until, pause)."""
JITTER = 0.1
"""The part by which a pause may be shorter, so that not all are looked at at once. None
is longer: the schedule would look half as often.
"""


def pause_after(waited: timedelta, chance: float) -> timedelta | None:
    """Return how long to pause, or None where it has waited for too long; chance is
    from 0 to 1.
    """
    for until, pause in PACE:
        if waited < until:
            return pause * (1 - JITTER * chance)
    return None


logger = logging.getLogger(__name__)

AT_ONCE = 50
"""The most that one message looks at; the next one continues."""
SOON = PACE[0][1]
NOT_YET = (
    "AWS denies it: the role doesn't exist yet, or its trust policy is a different one."
)
AS_PLANNED = (
    "The owner's roles are as planned, but AWS still denies access. A new role can "
    "take up to a minute."
)
DIFFERS = "The owner's roles exist, but differ from the plan: "
NO_READER = (
    "The owner's roles exist, but AWS denies the reader role. Bowline needs it in this "
    "account, because it reads the endpoints of clusters from AWS."
)
STILL_THERE = "The owner's roles still exist: one of them can still be assumed."
ONCE_MORE = "AWS denies the roles. Bowline checks once more to be sure."
FAILED = "The check failed because of an internal error. See the worker's log."
STOPPED = "Automatic checks have ended. Choose Check now when the owner is done."


def look_at_owners() -> None:
    """Look at all whose time has come, with one session of Spinnaker's identity."""
    due = Run.objects.awaited().select_related("account").order_by("look_at")
    runs = [run for run in due[:AT_ONCE] if claim(run)]
    if runs:
        managing = managing_of(managing_row())
        sessions = Sessions("owners", managing.partition)
        for run in runs:
            look(run, managing, sessions)


class NoOneWaits(Refused):
    """The run isn't waiting for an owner."""

    code = "NO_ONE_WAITS"
    is_late = True


@decision("look whether an owner is done", OPERATOR, touches=around_its_account)
def look_soon(run: Run, by: User | None) -> Run:
    """Look now, and often again for a while; raise NoOneWaits."""
    if not Run.objects.filter(pk=run.pk).look_soon():
        raise NoOneWaits(f"{run.title} doesn't wait for an owner.")
    transaction.on_commit(wake_for_owners)
    return run


def claim(run: Run) -> bool:
    """Say when to look next; False where another worker has done so."""
    now = timezone.now()
    pause = pause_after(now - (run.awaited_from or now), random.random())
    rows = Run.objects.filter(pk=run.pk, status=Status.HANDED_OFF, look_at=run.look_at)
    run.look_at = now + pause if pause else None
    return bool(rows.update(look_at=run.look_at, looked_at=now))


def look(run: Run, managing: Managing, sessions: Sessions) -> None:
    """Look once, and let the run continue, or say what it waits for."""
    if not run.unedited_subject.exists():
        error = {
            "message": f"{run.account_name} was edited after it was handed off.",
            "hint": "Plan again, and hand off the new plan.",
        }
        move(run, Status.OUTDATED, error=error)
        return
    try:
        waits = waits_for_managing(run, managing, sessions)
        if run.account and not waits:
            waits = waits_for_account(run, run.account, managing, sessions)
    except (DetailsError, NotOurs, QuotaExceeded) as error:
        waits = str(error)
    except AwsError as error:
        waits = error.message
    except (Error, SoftTimeLimitExceeded):
        raise  # the row says already when to look next
    except Exception:
        logger.exception("Bowline could not look at %s.", run.account_name)
        waits = FAILED
    if waits:
        rows = Run.objects.filter(pk=run.pk, status=Status.HANDED_OFF)
        rows.update(
            waiting=(waits if run.look_at else STOPPED)[:200],
            refused=run.refused,
            look_at=run.look_at,
        )
        return
    removes = run.kind == Run.Kind.REMOVE
    move(run, Status.APPLYING if removes else Status.VERIFYING)


def waits_for_managing(run: Run, managing: Managing, sessions: Sessions) -> str:
    """Say what the managing account's owner has not done yet; empty: nothing."""
    if not managing.is_handed_off or run.alone or run.kind == Run.Kind.REMOVE:
        return ""
    try:
        sessions.credentials(managing.reach)
    except AwsError as error:
        if error.no_access:
            return NOT_YET
        raise
    left = "; ".join(map(worded, left_to_owner(run, Scope.load(run), sessions)))
    return left and f"The owner of {managing.name} hasn't deployed this yet: {left}"


def waits_for_account(
    run: Run, account: ManagedAccount, managing: Managing, sessions: Sessions
) -> str:
    """Say what the account's own owner has not done yet, as far as Bowline can read it;
    empty: nothing.
    """
    managed = managed_of(account)
    if run.kind == Run.Kind.REMOVE:
        gone = is_closed(sessions, managing, managed)
        return look_for_removal(run, gone=gone)
    if not managed.is_handed_off:
        return ""
    is_open = opens(sessions, managing, managed)
    if not is_open:
        run.refused += 1
    one = own_side(run, account, managing, managed).compared(sessions)
    if one.unread and not is_open:
        return NOT_YET
    if one.unread:
        return unseen(run) if managed.is_learned else NO_READER
    if one.changes:
        return f"{DIFFERS}{first_change(one.changes)}"
    return "" if is_open else AS_PLANNED


def look_for_removal(run: Run, *, gone: bool) -> str:
    """Count refusals; say what the removal waits for, nothing once all is gone."""
    run.refused = run.refused + 1 if gone else 0
    if not gone:
        return STILL_THERE
    if run.is_refused:
        return ""
    run.look_at = timezone.now() + SOON
    return ONCE_MORE


def first_change(changes: tuple[Change, ...]) -> str:
    """Name the first change only: there is room for a sentence."""
    first, *more = changes
    return f"{worded(first)}, and {len(more)} more" if more else worded(first)


def move(run: Run, to: Status, **changes: Any) -> None:
    """Let the run continue, unless somebody superseded it meanwhile."""
    since = (Status.HANDED_OFF,)
    try:
        with transaction.atomic():
            run.move(to, since=since, waiting="", refused=run.refused, **changes)
            if to is Status.OUTDATED:
                return
            if to is Status.VERIFYING:
                run.unedited_subject.verify_unchanged()
                finish_steps(
                    run.steps.all(), "Done by the account owner.", timezone.now()
                )
            transaction.on_commit(partial(wake, run))
    except MovedMeanwhile:
        return


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
        begin_waiting(run, scope)
        publish(run, scope, sessions)
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
