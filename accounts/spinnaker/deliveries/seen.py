"""What was seen of a delivery's steps: loaded as it was sent, or gone."""

from __future__ import annotations

from accounts.models import Delivery, DeliveryStep
from accounts.slices import in_slices
from accounts.spinnaker.deliveries.looking import Seen
from accounts.spinnaker.deliveries.reached import Reached


def note_seen(delivery: Delivery, seen: Seen, reached: Reached) -> int:
    """Mark each step that was sent and has now had its effect; count them."""
    unseen = delivery.steps.unseen().light()
    done = [
        step.pk
        for step in unseen
        if step.name in (seen.gone if step.deletes else seen.loaded)
    ]
    now = reached.now()
    for some in in_slices(done):
        DeliveryStep.objects.filter(pk__in=some).update(seen_at=now)
    if done:
        delivery.write(progressed_at=now)
    return len(done)
