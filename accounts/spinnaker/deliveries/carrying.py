"""A delivery carried by a worker, with the connection that is described."""

from __future__ import annotations

from typing import Any

from accounts.mapping.spinnaker.connection import NotConnected, connected, gate_of
from accounts.models import Delivery
from accounts.spinnaker.deliveries.reached import THREADS, Reached
from accounts.spinnaker.deliveries.stages import carry_on, give_up
from onboarding.delivery.releases import Release


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
        give_up(delivery, str(error))
        return False
    return carry_on(delivery, reached)
