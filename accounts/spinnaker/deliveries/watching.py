"""Watching until Spinnaker has loaded what it stores, or saying why it may not.

“Loaded” does not mean that a role can be assumed: that was proved before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from accounts.models import Delivery, DeliveryStep
from accounts.spinnaker.deliveries.looking import look, note_seen
from accounts.spinnaker.deliveries.reached import Reached
from accounts.wording import counted
from onboarding.delivery.loading import (
    ASK_EVERY,
    SEEN_OF_AWS,
    STILL_LOADED,
    likely_causes,
    seconds_to_load,
)
from onboarding.delivery.verdicts import Verb

AT_ONCE = 200


def watch(delivery: Delivery, reached: Reached) -> None:
    """Look once; end the delivery, or put it down until the next look."""
    awaited = list(delivery.steps.unseen())
    known = [step for step in awaited if step.deletes or not is_blind(step, reached)]
    saved = [step.body for step in known if not step.deletes]
    deleted = [step.name for step in known if step.deletes]
    seen = look(reached, saved, deleted)
    if note_seen(delivery, seen, reached):
        awaited = list(delivery.steps.unseen())
    if not awaited:
        end(delivery, awaited)
        return
    now = reached.now()
    began = delivery.progressed_at or now
    if (now - began).total_seconds() > seconds_to_load(reached.period):
        name_causes(awaited)
        end(delivery, awaited)
        return
    delivery.put_down(
        f"Stored. Waiting until Spinnaker loads {counted(len(awaited))}.",
        now + timedelta(seconds=ASK_EVERY),
    )


def is_blind(step: DeliveryStep, reached: Reached) -> bool:
    """Return whether the account looks loaded although Spinnaker cannot have polled
    since it was changed: nothing that differs is shown of what is loaded.
    """
    if step.verb == Verb.ADD or step.sent_at is None:
        return False
    shown = SEEN_OF_AWS if step.type == "aws" else ("permissions",)
    if any(one.field in shown for one in step.differences):
        return False
    age = (reached.now() - step.sent_at).total_seconds()
    return age < reached.period


def name_causes(steps: Iterable[DeliveryStep]) -> None:
    """Keep on each step why it may not be loaded, or unloaded, the likeliest first."""
    rows = list(steps)
    for step in rows:
        step.causes = list(STILL_LOADED if step.deletes else likely_causes(step.body))
    DeliveryStep.objects.bulk_update(rows, ["causes"], batch_size=AT_ONCE)


def end(delivery: Delivery, unseen: Sequence[DeliveryStep]) -> None:
    failed = delivery.steps.exclude(error="").count()
    sentences = []
    if failed:
        sentences.append(f"{counted(failed)} couldn't be delivered.")
    if unseen:
        sentences.append(
            f"Spinnaker stored the delivery but didn't load {counted(len(unseen))} in "
            "time."
        )
    if sentences:
        causes = unseen[0].causes[0] if unseen and unseen[0].causes else ""
        error = {"message": " ".join(sentences), "hint": causes}
        delivery.carry(Delivery.Status.FAILED, error=error)
    else:
        delivery.carry(Delivery.Status.LOADED)
