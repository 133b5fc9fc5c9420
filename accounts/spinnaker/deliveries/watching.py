"""Watching until Spinnaker has loaded what it stores, or saying what was seen instead.

“Loaded” does not mean that a role can be assumed: that was proved before.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F

from accounts.models import Delivery, DeliveryStep
from accounts.spinnaker.deliveries.looking import (
    loaded_of,
    look,
    mark_seen,
    note_seen,
)
from accounts.spinnaker.deliveries.reached import Reached
from accounts.wording import counted
from onboarding.delivery.loading import (
    NOTHING_SEEN,
    SEEN,
    not_loaded,
    not_unloaded,
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
    without_effect = [step.pk for step in awaited if step.changes_nothing]
    if note_seen(delivery, seen, reached) + mark_seen(
        delivery, without_effect, reached
    ):
        awaited = list(delivery.steps.unseen())
    if not awaited:
        end(delivery, awaited)
        return
    now = reached.now()
    began = delivery.progressed_at or now
    if (now - began).total_seconds() > seconds_to_load(reached.period):
        say_what_was_seen(awaited, reached)
        end(delivery, awaited)
        return
    says = f"Stored. Waiting until Spinnaker loads {counted(len(awaited))}."
    delivery.put_down(says, now)


def is_blind(step: DeliveryStep, reached: Reached) -> bool:
    """Return whether the account looks loaded although Spinnaker cannot have polled
    since it was changed: nothing that differs is shown of what is loaded.
    """
    if step.verb == Verb.ADD or step.sent_at is None or step.changes_nothing:
        return False
    if any(one.field in SEEN[step.type] for one in step.differences):
        return False
    age = (reached.now() - step.sent_at).total_seconds()
    return age < reached.period


def say_what_was_seen(steps: Sequence[DeliveryStep], reached: Reached) -> None:
    """Keep on each step what Spinnaker has loaded instead, and what to do next."""
    saved = [step.body for step in steps if not step.deletes]
    shown = loaded_of(reached, saved)
    for step in steps:
        body = step.body
        step.causes = [
            not_unloaded(step.name)
            if step.deletes
            else not_loaded(body, shown.get(step.name), shown.get(body.aws_account))
        ]
    DeliveryStep.objects.bulk_update(steps, ["causes"], batch_size=AT_ONCE)


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
        error = {"message": " ".join(sentences), "hint": hint_of(delivery, unseen)}
        delivery.carry(Delivery.Status.FAILED, error=error)
    else:
        delivery.carry(Delivery.Status.LOADED)


def hint_of(delivery: Delivery, unseen: Sequence[DeliveryStep]) -> str:
    """Say what was seen of the first account, or that nothing was seen at all."""
    if not unseen:
        return ""
    seen = delivery.steps.filter(seen_at__isnull=False).exclude(after=F("before"))
    if not seen.exists():
        return NOTHING_SEEN
    return unseen[0].causes[0] if unseen[0].causes else ""
