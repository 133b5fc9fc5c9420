"""Advance a rollout: start what its settings allow, and say how far it is.

Whatever ends, or is decided, calls `advance`; the sweep repeats what was lost.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.decisions.locks import lock_settings
from accounts.models import Activity, ManagedAccount, Notification, Rollout, Run
from accounts.models.states import OPEN, Status
from accounts.notifications.notifying import notify_of_plans, notify_of_rollout
from accounts.people.activity import record
from accounts.runs.rollouts.census import (
    FEW,
    Census,
    Counts,
    accounts_of,
    comes_after,
    in_common,
    is_ready,
    managing_run,
    next_step,
    runs_of,
    too_many,
)
from accounts.runs.rollouts.order import next_accounts
from accounts.runs.rollouts.start import plan_managing
from accounts.slices import in_slices
from accounts.work.queue import wake

State = Rollout.State


def advance(number: int) -> None:
    """Start what may start now.

    Safe to call twice, at once or after a kill: the rollout's row is locked, and what
    is started, paused or finished is one transaction. A pause waits for it.
    """
    with transaction.atomic():
        rows = Rollout.objects.select_for_update(no_key=True)
        rollout = rows.due().filter(number=number).first()
        if rollout is None:
            return
        census = Census(rollout)
        managing = managing_run(rollout) or managing_planned(rollout)
        if managing is None and rollout.has_waves:
            say(rollout, state_of(rollout, census, managing))
            return
        if rollout.state != State.PAUSED and rollout.has_waves and is_ready(managing):
            counts = counted_failures(rollout, census.counts)
            step = next_step(counts, rollout)
            if step.pause and census.counts.approved:
                pause(rollout, step.pause)
            elif step.start:
                begin_runs(rollout, step.wave, step.start)
                census = Census(rollout)
        say(rollout, state_of(rollout, census, managing))


def counted_failures(rollout: Rollout, counts: Counts) -> Counts:
    """Add what of the failures keeps the other accounts from starting."""
    pauses = Rollout.Pauses
    if rollout.pauses == pauses.NEVER:
        return replace(counts, in_common="")
    if rollout.pauses == pauses.AT_NUMBER:
        # Whatever share of its wave that is.
        return replace(counts, in_common=too_many(counts, rollout.most_failures))
    if rollout.pauses == pauses.AT_LIMITS or counts.total >= FEW or not counts.failed:
        return counts
    return replace(counts, in_common=in_common(rollout))


def managing_planned(rollout: Rollout) -> Run | None:
    """Plan the managing account for a rollout that could not do so when it began; None
    where it still waits, or needs none.
    """
    if not rollout.has_waves or comes_after(rollout):
        return None
    coming = runs_of(rollout).filter(status__in=OPEN)
    accounts = ManagedAccount.objects.filter(pk__in=coming.values("account"))
    if accounts.exists():
        plan_managing(rollout, accounts, rollout.created_by)
    return managing_run(rollout)


def advance_after(run: Run) -> None:
    """Advance the rollout of a run that moved; of many that are being planned, only
    after the last one, as planning starts nothing.
    """
    if run.rollout_id is None:
        return
    planning = Run.objects.filter(rollout=run.rollout_id, status=Status.PLANNING)
    if run.status in (Status.PLANNED, Status.APPROVED) and planning.exists():
        return
    advance(run.rollout_id)


def pause(rollout: Rollout, reason: str) -> None:
    rollout.move(State.PAUSED, reason=reason)
    notify_of_rollout(rollout, Notification.What.PAUSED)
    record("Bowline", Activity.What.PAUSE, str(rollout), {"reason": reason})


def begin_runs(rollout: Rollout, wave: int, most: int) -> None:
    """Start some of the approved accounts."""
    chosen = next_accounts(rollout, wave, most)
    runs = Run.objects.filter(pk__in=chosen)
    approved = (Status.APPROVED,)
    runs.move_together(Status.APPLYING, since=approved, wave=wave, queued_at=None)
    lock_settings(accounts_of(runs))
    unedited = Run.objects.filter(
        pk__in=chosen,
        status=Status.APPLYING,
        account=OuterRef("pk"),
        version=OuterRef("version"),
    )
    ManagedAccount.objects.filter(Exists(unedited)).begin_applying()
    transaction.on_commit(partial(send, rollout.number))


def send(number: int) -> None:
    """Send the rollout's runs that wait for a worker and were never sent.

    Two at once would send some twice, which the runs' leases turn away.
    """
    unsent = Run.objects.filter(rollout=number, queued_at=None).abandoned()
    keys = list(unsent.order_by("number").values_list("pk", flat=True))
    for some_keys in in_slices(keys):
        some = Run.objects.filter(pk__in=some_keys)
        wake(*some.order_by("number").only("pk", "started_from"))


def state_of(rollout: Rollout, census: Census, managing: Run | None) -> str:
    """Say what it does now, once what may start has started: approved accounts are left
    only where they wait for a canary. A pause lasts as long as something is to start.
    """
    manages = managing is not None and managing.status in OPEN
    if not (census.open or manages):
        return State.FINISHED
    if rollout.state == State.PAUSED:
        return State.PAUSED
    if not rollout.has_waves:
        return State.VERIFYING
    if managing is None and rollout.has_waves:
        return State.PLANNING
    counts = census.counts
    applies = managing is not None and managing.approved_at and managing.is_working
    if counts.working or applies:
        return State.APPLYING
    comes = managing.status if managing is not None else ""
    if comes not in (Status.PLANNING, Status.PLANNED) and counts.approved:
        holds = is_ready(managing) and census.statuses[Status.PLANNED]
        return State.PLANNED if holds else State.APPLYING
    planning = census.statuses[Status.PLANNING] or comes == Status.PLANNING
    waits = census.statuses[Status.PLANNED] or comes == Status.PLANNED
    return State.PLANNED if waits and not planning else State.PLANNING


def say(rollout: Rollout, state: str) -> None:
    """Keep the state, and when the rollout ended."""
    if state == rollout.state:
        return
    ends = state in Rollout.ENDED
    rollout.move(State(state), finished_at=timezone.now() if ends else None)
    if rollout.has_ended:
        notify_of_rollout(rollout, Notification.What.ENDED)
    elif state == State.PLANNED:
        notify_of_plans(rollout)
