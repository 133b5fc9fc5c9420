"""What a delivery deleted to store it again: no delivery ends before that is stored.

Whatever stops a delivery (another plan, a refusal, a site that is disconnected), first
everything is put back; while Gate doesn't take it, the delivery stays open and tries
again.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from accounts.models import Delivery, DeliveryStep
from accounts.spinnaker.deliveries.book import Ledger
from accounts.spinnaker.deliveries.reached import Reached
from accounts.wording import first_of
from onboarding.delivery.carrying_out import put_back
from onboarding.delivery.transport import GateError

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
