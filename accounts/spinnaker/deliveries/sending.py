"""Sending what was approved, and nothing else: several accounts at once, in order.

A step waits until Spinnaker has unloaded, or loaded, what it names, and a poll longer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from accounts.models import DeliveredAccount, Delivery, DeliveryStep
from accounts.slices import in_slices
from accounts.spinnaker.deliveries.book import Ledger
from accounts.spinnaker.deliveries.looking import look, note_seen, since
from accounts.spinnaker.deliveries.planning import compare_with_spinnaker
from accounts.spinnaker.deliveries.reached import Reached
from accounts.spinnaker.deliveries.wanted import wanted_bodies
from accounts.wording import first_of
from onboarding.delivery.bodies import Body
from onboarding.delivery.carrying_out import NotAsSent, carry_out, may_still_come
from onboarding.delivery.errors import GateError, Kind
from onboarding.delivery.loading import ASK_EVERY, Since, seconds_to_load, waits_for
from onboarding.delivery.verdicts import Step, Verb
from onboarding.resources.plan import PlanOutdated

AT_ONCE = 100
"""Steps after which it is checked how they went, before the next ones begin."""

MOST = 1_000
"""Steps after which a worker looks whether the delivery has had its time."""

OF_ONE = frozenset({Kind.REFUSED, Kind.ABSENT})
"""What is denied of one account; anything else would happen to every other, too."""

Ending = Exception | None
CHANGED = "The accounts to send changed after the plan was approved. Plan again."


def send(delivery: Delivery, reached: Reached) -> None:
    """Send what may be sent now; raise GateError where nothing can be."""
    if delivery.began_at is None and not begin_sending(delivery, reached):
        return
    steps = list(delivery.steps.unsent().light())
    if not steps:
        delivery.carry(Delivery.Status.WATCHING)
        return
    bodies = {body.name: body for body in wanted_bodies()}
    if any(not is_wanted(step, bodies) for step in steps):
        outdate(delivery, CHANGED)
        return
    known = look_for(delivery, steps, bodies, reached)
    ready = [step for step in steps if not blocked_by(step, known, reached)]
    if not ready:
        wait(delivery, steps, known, reached)
        return
    for some in in_slices(ready[:MOST], AT_ONCE):
        if not send_some(delivery, some, bodies, reached):
            return


def begin_sending(delivery: Delivery, reached: Reached) -> bool:
    """Compare what was approved with Spinnaker as it is; False where that changed.

    What became ready only since then is left to the next delivery.
    """
    approved = {step.key for step in delivery.steps.light()}
    names = {key.name for key in approved}
    plan = compare_with_spinnaker(reached, delivery.agreed).plan
    unapproved = [
        step
        for step in plan.unapproved(approved)
        if step.verb is not Verb.ADD or step.name in names
    ]
    if unapproved or not approved <= {step.key for step in plan.steps}:
        outdate(
            delivery,
            (
                "Spinnaker or the next bundle changed after the plan was created. "
                "Plan again."
            ),
        )
        return False
    now = reached.now()
    delivery.write(began_at=now, progressed_at=now)
    return True


def outdate(delivery: Delivery, message: str) -> None:
    delivery.carry(Delivery.Status.OUTDATED, error={"message": message})


def is_wanted(step: DeliveryStep, bodies: Mapping[str, Body]) -> bool:
    if step.deletes:
        return step.renews or step.name not in bodies
    return step.name in bodies and bodies[step.name].digest == step.after


def look_for(
    delivery: Delivery,
    unsent: Sequence[DeliveryStep],
    bodies: Mapping[str, Body],
    reached: Reached,
) -> Since:
    """Look at what these steps wait for, once it was sent itself."""
    pending_saves = {step.name for step in unsent if not step.deletes}
    pending_deletions = {step.name for step in unsent if step.deletes}
    saved = {name for step in unsent for name in step.after_loaded} - pending_saves
    deleted = {name for step in unsent for name in step.after_gone} - pending_deletions
    seen = look(reached, [bodies[name] for name in saved if name in bodies], deleted)
    note_seen(delivery, seen, reached)
    return since(saved | deleted)


def blocked_by(step: DeliveryStep, known: Since, reached: Reached) -> tuple[str, ...]:
    """Name what the step waits for; of what is still to be sent, nothing is known."""
    now = reached.now().timestamp()
    plain = Step(
        Verb(step.verb),
        step.type,
        step.name,
        after_gone=tuple(step.after_gone),
        after_loaded=tuple(step.after_loaded),
    )
    return waits_for(plain, known, now=now, period=reached.period)


def wait(
    delivery: Delivery,
    steps: Sequence[DeliveryStep],
    known: Since,
    reached: Reached,
) -> None:
    """Put it down until the next look; give these steps up once it took too long."""
    now = reached.now()
    waits = {step: blocked_by(step, known, reached) for step in steps}
    patience = seconds_to_load(reached.period) + reached.period
    began = delivery.progressed_at or now
    if (now - began).total_seconds() > patience:
        for step, names in waits.items():
            step.error = (
                f"Not sent. Spinnaker hasn't loaded or unloaded {', '.join(names)}."
            )
        DeliveryStep.objects.bulk_update(steps, ["error"], batch_size=AT_ONCE)
        return
    awaited = sorted({name for names in waits.values() for name in names})
    delivery.put_down(
        f"Waiting until Spinnaker polls: {first_of(awaited, 3)}.",
        now + timedelta(seconds=ASK_EVERY),
    )


def send_some(
    delivery: Delivery,
    steps: Sequence[DeliveryStep],
    bodies: Mapping[str, Body],
    reached: Reached,
) -> bool:
    """Send these at once; return whether the others may follow."""
    ledger = Ledger(bodies, reached.now)

    def work(step: DeliveryStep) -> Ending:
        """Hold on to the delivery right before the step, and mark it right after."""
        delivery.extend_lease()
        ending = sent(step, bodies, reached, ledger)
        if note_sent(step, ending, reached):
            reached.progressed(1)
        return ending

    endings = reached.each(work, steps)
    delivery.write(progressed_at=reached.now())
    errors = [one for one in endings if one is not None and not is_final(one)]
    for error in errors:
        if isinstance(error, PlanOutdated):
            outdate(delivery, str(error))
            return False
    denied = [
        step.name
        for step, one in zip(steps, endings, strict=True)
        if isinstance(one, GateError) and one.kind is Kind.DENIED
    ]
    for error in errors:
        if not isinstance(error, GateError) or error.kind is not Kind.DENIED:
            raise error
    if denied:
        wait_for_rights(delivery, denied, errors[0], reached)
        return False
    return True


def sent(
    step: DeliveryStep, bodies: Mapping[str, Body], reached: Reached, ledger: Ledger
) -> Ending:
    body = None if step.deletes else bodies[step.name]
    verb = Verb(step.verb)
    one = Step(verb, step.type, step.name, body, step.before, renews=step.renews)
    try:
        carry_out(one, reached.gate, ledger)
    except (GateError, NotAsSent, PlanOutdated) as error:
        return error
    return None


def is_final(ending: Exception) -> bool:
    """Return whether it says something of this account alone, for good."""
    if isinstance(ending, GateError):
        return ending.kind in OF_ONE
    return isinstance(ending, NotAsSent)


def note_sent(step: DeliveryStep, ending: Ending, reached: Reached) -> bool:
    """Mark how it went; return whether Spinnaker stored it."""
    fields: dict[str, object] = {}
    if ending is None or isinstance(ending, NotAsSent):
        fields["sent_at"] = reached.now()
    if ending is not None and is_final(ending):
        fields["error"] = str(ending)
    if fields:
        DeliveryStep.objects.filter(pk=step.pk).update(**fields)
    return "sent_at" in fields


def wait_for_rights(
    delivery: Delivery, names: Sequence[str], error: Exception, reached: Reached
) -> None:
    """Wait a few minutes for Fiat to know what was created; raise the refusal of all
    else.
    """
    now = reached.now()
    for name in names:
        made = DeliveredAccount.objects.made_at(name)
        age = (now - made).total_seconds() if made else None
        if not isinstance(error, GateError) or not may_still_come(error, age):
            raise error
    delivery.put_down(
        f"Waiting until Spinnaker knows who can write to {names[0]}.",
        now + timedelta(seconds=ASK_EVERY),
    )
