"""Continue a delivery: one stage after another; and what one that broke off has left.

Whatever stops a delivery (another plan, a refusal, a site that is disconnected), first
everything is put back; while Gate doesn't take it, the delivery stays open and tries
again.

Safe to kill at any line: what is sent is kept in Bowline's own list before, each step
is marked once it was sent, and what Spinnaker stores is read right before each write.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import Error
from django.utils import timezone

from accounts.mapping.managing import NoManagingAccount
from accounts.mapping.spinnaker import NotConnected, connected, gate_of
from accounts.models import Delivery, DeliveryStep
from accounts.models.lease import LeaseLost
from accounts.spinnaker.bundles import Twins
from accounts.spinnaker.deliveries.looking import THREADS, Reached, watch
from accounts.spinnaker.deliveries.planning import Ledger, plan
from accounts.spinnaker.deliveries.sending import send
from accounts.wording import first_of
from accounts.work.queue import holding
from onboarding.delivery.carrying_out import put_back
from onboarding.delivery.releases import Release
from onboarding.delivery.transport import GateError
from onboarding.resources.plan import PlanOutdated

NAMED = 3
"""How many accounts are named in a sentence."""


def end_unless_owing(
    delivery: Delivery, status: str, message: str, reached: Reached | None
) -> None:
    """End it so, or put it down until what it deleted is stored again. `reached` is
    None where there is no connection.
    """
    owed = list(delivery.steps.deleted().filter(renews=True))
    problem = put_all_back(delivery, owed, reached) if reached else message
    if owed and problem:
        now = reached.now() if reached else timezone.now()
        names = first_of([step.name for step in owed], NAMED)
        says = f"Deleted, and not stored again yet: {names}. {problem}"
        delivery.put_down(says, now)
        return
    delivery.carry(status, error={"message": message})


def put_all_back(
    delivery: Delivery, owed: Sequence[DeliveryStep], reached: Reached
) -> str:
    """Store again what was deleted; return why not everything could be."""
    problem = ""
    for step in owed:
        body = step.body
        ledger = Ledger({body.name: body}, reached.now)
        delivery.extend_lease()
        try:
            put_back(step.planned(body), reached.gate, ledger)
        except GateError as error:
            problem = str(error)
        else:
            DeliveryStep.objects.filter(pk=step.pk).update(sent_at=reached.now())
    return problem


logger = logging.getLogger(__name__)

SLICE = 60.0
"""Seconds after which a worker puts a delivery down, so that other work has its turn;
the next message continues it.
"""
PATIENCE = 300.0
"""Seconds for which Gate may be unavailable before a delivery fails."""

STAGES = {
    Delivery.Status.PLANNING: plan,
    Delivery.Status.DELIVERING: send,
    Delivery.Status.WATCHING: watch,
}
FAILED = (
    "Bowline encountered an internal error. See the worker's log. The accounts that "
    "were sent are listed below."
)


def carry_on(delivery: Delivery, reached: Reached) -> bool:
    """Carry it until it ends, waits, or has had its time; return whether it can be
    continued at once.
    """
    carried = holding(delivery, partial(carry_leased, reached=reached))
    return carried and delivery.is_working and not is_waiting(delivery, reached)


def carry_leased(delivery: Delivery, *, reached: Reached) -> None:
    until = time.monotonic() + SLICE
    try:
        while delivery.is_working and time.monotonic() < until:
            try:
                STAGES[Delivery.Status(delivery.status)](delivery, reached)
            except PlanOutdated as error:
                end_unless_owing(
                    delivery, Delivery.Status.OUTDATED, str(error), reached
                )
            if delivery.unreachable_since:
                delivery.write(unreachable_since=None)
            if is_waiting(delivery, reached):
                break
        delivery.write(queued_at=None)
    except GateError as error:
        again_or_fail(delivery, reached, error)
    except (NoManagingAccount, Twins) as error:
        fail(delivery, str(error), reached)
    except (Error, LeaseLost):
        raise  # the sweep sends it again
    except Exception:
        # Of what went wrong, neither the log nor the row gets an answer of Gate's:
        # the exceptions of the client hold none.
        logger.exception("%s failed.", delivery)
        fail(delivery, FAILED, reached)


def is_waiting(delivery: Delivery, reached: Reached) -> bool:
    return delivery.look_at is not None and delivery.look_at > reached.now()


def again_or_fail(delivery: Delivery, reached: Reached, error: GateError) -> None:
    """Wait where Gate may answer again; end the delivery where it never will."""
    now = reached.now()
    since = delivery.unreachable_since or now
    if not error.retryable or (now - since).total_seconds() > PATIENCE:
        fail(delivery, str(error), reached)
        return
    delivery.put_down(str(error), now, unreachable_since=since)


def fail(delivery: Delivery, message: str, reached: Reached | None = None) -> None:
    end_unless_owing(delivery, Delivery.Status.FAILED, message, reached)


def reach(**options: Any) -> Reached:
    """Reach the Spinnaker that is described; raise NotConnected. Nothing is sent."""
    row = connected()
    gate = gate_of(row, threads=THREADS)
    return Reached(gate, Release.of(row.release), float(row.poll_seconds), **options)


def carry_on_for_worker(delivery: Delivery) -> bool:
    """Carry it as far as it goes now; return whether it can be continued at once."""
    try:
        reached = reach()
    except NotConnected as error:
        # What it deleted waits until it can be carried.
        holding(delivery, partial(fail, message=str(error)))
        return False
    return carry_on(delivery, reached)
