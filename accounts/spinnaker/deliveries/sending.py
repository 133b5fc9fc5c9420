"""Sending what was approved, and nothing else: several accounts at once, in order.

A step waits until Spinnaker has unloaded, or loaded, what it names, and a poll longer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from accounts.models import DeliveredAccount, Delivery, DeliveryStep
from accounts.slices import in_slices
from accounts.spinnaker.deliveries.looking import (
    Reached,
    loaded_of,
    look,
    note_seen,
    since,
)
from accounts.spinnaker.deliveries.planning import (
    Ledger,
    compare_with_spinnaker,
    wanted_bodies,
)
from accounts.wording import first_of
from onboarding.delivery.bodies import Body
from onboarding.delivery.carrying_out import NotAsSent, carry_out, may_still_come
from onboarding.delivery.loading import (
    Since,
    not_loaded,
    not_unloaded,
    seconds_to_load,
    waits_for,
)
from onboarding.delivery.transport import GateError, Kind
from onboarding.delivery.verdicts import Owned, Verb
from onboarding.resources.plan import PlanOutdated

AT_ONCE = 100
"""Steps after which it is checked how they went, before the next ones begin."""

MOST = 1_000
"""Steps after which a worker looks whether the delivery has had its time."""

OF_ONE = frozenset({Kind.REFUSED, Kind.ABSENT})
"""What is denied of one account; anything else would happen to every other, too."""

Ending = Exception | None
CHANGED = "The accounts to send changed after the plan was approved. Plan again."
OUTDATED = (
    "Spinnaker or the next bundle changed after the plan was created. Plan again."
)


def send(delivery: Delivery, reached: Reached) -> None:
    """Send what may be sent now; raise GateError where nothing can be, and PlanOutdated
    where it is not what was approved.
    """
    if delivery.began_at is None:
        begin_sending(delivery, reached)
    steps = list(delivery.steps.unsent().defer("was"))
    if not steps:
        delivery.carry(Delivery.Status.WATCHING)
        return
    bodies = {body.name: body for body in wanted_bodies()}
    if any(not is_wanted(step, bodies) for step in steps):
        raise PlanOutdated(CHANGED)
    names = delivery.steps.deleted().values_list("name", flat=True)
    deleted = DeliveredAccount.objects.by_name(names)
    known = look_for(delivery, steps, deleted, bodies, reached)
    waits = {step: blocked_by(step, known, deleted, reached) for step in steps}
    ready = [step for step, names in waits.items() if not names]
    if not ready and is_over(delivery, reached):
        # What was deleted is stored again, whatever is still loaded.
        ready = [step for step in steps if not step.deletes and step.name in deleted]
        give_up_waiting(waits, ready, bodies, reached)
    elif not ready:
        awaited = first_of(
            sorted({name for names in waits.values() for name in names}), 3
        )
        says = f"Waiting for {awaited}, then for one more poll of each Clouddriver."
        delivery.put_down(says, reached.now())
    for some in in_slices(ready[:MOST], AT_ONCE):
        if not send_some(delivery, some, bodies, reached):
            return


def begin_sending(delivery: Delivery, reached: Reached) -> None:
    """Compare what was approved with Spinnaker as it is.

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
        raise PlanOutdated(OUTDATED)
    now = reached.now()
    delivery.write(began_at=now, progressed_at=now)


def is_wanted(step: DeliveryStep, bodies: Mapping[str, Body]) -> bool:
    if step.deletes:
        return step.name not in bodies
    if step.is_equal:
        return step.name in bodies
    return step.name in bodies and bodies[step.name].digest == step.after


def look_for(
    delivery: Delivery,
    unsent: Sequence[DeliveryStep],
    deleted: Mapping[str, Owned],
    bodies: Mapping[str, Body],
    reached: Reached,
) -> Since:
    """Look at what these steps wait for, once it was sent itself."""
    pending_saves = {step.name for step in unsent if not step.deletes}
    pending_deletions = {step.name for step in unsent if step.deletes}
    loaded = {name for step in unsent for name in step.after_loaded} - pending_saves
    gone = {name for step in unsent for name in step.after_gone} - pending_deletions
    # What is deleted to be stored again is awaited once it is deleted.
    gone -= {step.name for step in unsent if step.renews} - deleted.keys()
    seen = look(reached, [bodies[name] for name in loaded if name in bodies], gone)
    note_seen(delivery, seen, reached)
    return since(loaded | gone)


def blocked_by(
    step: DeliveryStep, known: Since, deleted: Mapping[str, Owned], reached: Reached
) -> tuple[str, ...]:
    """Name what the step waits for; of what is still to be sent, nothing is known."""
    return waits_for(
        step.planned(),
        known,
        now=reached.now().timestamp(),
        period=reached.period,
        own=deleted.get(step.name),
    )


def is_over(delivery: Delivery, reached: Reached) -> bool:
    """Return whether nothing happened for so long that nothing more will."""
    patience = seconds_to_load(reached.period) + reached.period
    began = delivery.progressed_at or reached.now()
    return (reached.now() - began).total_seconds() > patience


def give_up_waiting(
    waits: Mapping[DeliveryStep, Sequence[str]],
    ready: Sequence[DeliveryStep],
    bodies: Mapping[str, Body],
    reached: Reached,
) -> None:
    """Say on each step that isn't sent what was seen of the accounts it waits for."""
    given_up = [step for step in waits if step not in ready]
    awaited = {name for step in given_up for name in waits[step]}
    saved = [bodies[name] for name in awaited if name in bodies]
    shown = loaded_of(reached, saved, awaited)

    def says(step: DeliveryStep, name: str) -> str:
        if name in step.after_gone or name not in bodies:
            return not_unloaded(name)
        body = bodies[name]
        return not_loaded(body, shown.get(name), shown.get(body.aws_account))

    for step in given_up:
        is_new = step.verb == Verb.ADD
        ending = "Not sent." if is_new else "Not sent: Spinnaker has it as it was."
        step.error = " ".join((ending, *(says(step, name) for name in waits[step])))
    DeliveryStep.objects.bulk_update(given_up, ["error"], batch_size=AT_ONCE)


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
        is_done, ending = sent(step, bodies, reached, ledger)
        is_last = ending is not None and is_final(step, ending, ledger)
        noted: dict[str, object] = {"sent_at": reached.now()} if is_done else {}
        if is_last:
            noted["error"] = str(ending)
        if noted:
            DeliveryStep.objects.filter(pk=step.pk).update(**noted)
        if is_done:
            reached.progressed(1)
        return None if is_last else ending

    endings = reached.each(work, steps)
    delivery.write(progressed_at=reached.now())
    errors = [one for one in endings if one is not None]
    for error in errors:
        if isinstance(error, PlanOutdated):
            raise error
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
) -> tuple[bool, Ending]:
    """Carry it out; return whether it is done, and what went wrong."""
    body = None if step.deletes else bodies[step.name].only(step.document)
    try:
        return carry_out(step.planned(body), reached.gate, ledger), None
    except NotAsSent as error:
        return True, error
    except (GateError, PlanOutdated) as error:
        return False, error


def is_final(step: DeliveryStep, ending: Exception, ledger: Ledger) -> bool:
    """Return whether it says something of this account alone, for good. What was
    deleted to be stored again is tried again.
    """
    if isinstance(ending, GateError) and ending.kind in OF_ONE:
        own = ledger.owned(step.name) if step.renews else None
        return own is None or not own.leaving
    return isinstance(ending, NotAsSent)


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
    says = f"Waiting until Spinnaker knows who can write to {names[0]}."
    delivery.put_down(says, now)
