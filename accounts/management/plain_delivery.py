"""A delivery's plan and its ending as plain text, and what of it must be allowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from accounts.models import DeliveredAccount, Delivery, DeliveryStep
from accounts.models.spinnaker.delivery import DeliveryStepQuerySet
from accounts.wording import counted, first_of
from onboarding.carried.table import SECRET
from onboarding.delivery.verdicts import Verb, Why

SIGNS = {Verb.ADD: "+", Verb.CHANGE: "~", Verb.REMOVE: "-", Verb.TAKE_OVER: "!"}
OF_OTHERS = {Why.FOREIGN.name, Why.FROM_A_FILE.name}
NAMED = 5
"""How many accounts of others are named."""


def delivery_lines(
    title: str,
    counts: Mapping[str, Any],
    steps: Iterable[DeliveryStep],
    left: Sequence[Mapping[str, Any]],
    warnings: Iterable[str],
) -> Iterator[str]:
    """Yield the plan: a summary, then each account with the fields that differ."""
    said = [f"{counts.get(verb.value, 0):,} to {verb.value}" for verb in Verb]
    yield f"{title}: {', '.join(said)}, {counts.get('unchanged', 0):,} unchanged"
    yield from (f"  ! {warning}" for warning in warnings)
    for step in steps:
        sign = SIGNS[Verb(step.verb)]
        yield f"  {sign} {step.type} account {step.name}{how(step)}"
        if not step.deletes:
            yield from (f"    {line}" for line in differences(step))
    others = [one["name"] for one in left if one["why"] in OF_OTHERS]
    for one in left:
        if one["why"] not in OF_OTHERS:
            is_equal = one["why"] == Why.EQUAL.name
            what = "is unchanged" if is_equal else "is left alone"
            yield f"  {one['name']} ({one['type']}) {what}. {one['sentence']}"
    if others:
        yield f"  Not Bowline's, left alone: {first_of(others, NAMED)}"


def how(step: DeliveryStep) -> str:
    """Say what is special about how an account is sent."""
    if step.renews:
        return ", deleted for a poll or two once its AWS account is loaded"
    if step.is_equal:
        return ", equal: nothing is sent, and Bowline manages it"
    if step.changes_nothing:
        return ", without an effect before Clouddriver's next restart"
    return ""


def differences(step: DeliveryStep) -> Iterator[str]:
    for one in step.differences:
        if one.field == SECRET:
            yield f"{one.field}: {'another' if one.before else 'new'} kubeconfig"
        elif step.was:
            yield f"{one.field}: {one.before or 'none'} → {one.after or 'none'}"
        else:
            yield f"{one.field}: {one.after}"


def ending(steps: Iterable[DeliveryStep]) -> Iterator[str]:
    """Yield what became of each account that is not as it should be, then how long the
    others took.
    """
    took, unsent = [], []
    for step in steps:
        if step.error:
            yield f"{step.name}: {step.error}"
        elif step.sent_at is None:
            unsent.append(step.name)
        elif step.is_equal:
            yield f"{step.name}: taken over, and nothing changed in Spinnaker"
        elif step.took is None:
            yield f"{step.name}: stored, and not {'un' * step.deletes}loaded in time"
            yield from (f"  {cause}" for cause in step.causes)
        else:
            took.append(step.took.total_seconds())
    if unsent:
        yield f"Not sent: {first_of(unsent, NAMED)}"
    if took:
        yield (
            f"Spinnaker has loaded, or unloaded, {counted(len(took))}, the last one "
            f"{max(took):.0f} seconds after it was sent."
        )


def left_of(delivery: Delivery) -> DeliveryStepQuerySet:
    return delivery.steps.filter(sent_at=None)


def is_interrupted(delivery: Delivery) -> bool:
    return delivery.status == Delivery.Status.FAILED and left_of(delivery).exists()


def approving(delivery: Delivery) -> str:
    """Write the command that approves just this plan, or what is left of it."""
    deletes = left_of(delivery).filter(after="").exists()
    allowed = " --allow-delete" if deletes else ""
    return (
        f"manage.py deliver --approve {delivery.pk} --plan {delivery.digest}{allowed}"
    )


def what_is_left(delivery: Delivery) -> str:
    """Say how far an interrupted delivery came, and how to deliver what is left."""
    count, unsent = delivery.steps.count(), left_of(delivery)
    left, deletes = unsent.count(), unsent.filter(after="").count()
    removed = f", {deletes:,} of them to be deleted" if deletes else ""
    return (
        f"{count - left:,} of {counted(count)} were sent, {left:,} are left{removed}. "
        f"To deliver what is left: {approving(delivery)}"
    )


def is_within(delivery: Delivery, interrupted: Delivery) -> bool:
    """Return whether it does only what was approved in an interrupted delivery."""
    approved = {step.key for step in left_of(interrupted)}
    return approved.issuperset(step.key for step in delivery.steps.all())


def kept_back(
    delivery: Delivery, allowed: Sequence[str] | None, *, was_read: bool
) -> Iterator[str]:
    """Say why deletions are not approved, as deletions.py does for AWS; `was_read`: the
    plan was named by its digest, and so all that it deletes.
    """
    names = [step.name for step in delivery.steps.light() if step.deletes]
    unnamed = [name for name in names if name not in (allowed or ())]
    if not unnamed or (was_read and allowed == []):
        return
    listed = first_of(unnamed, NAMED)
    review = f"Review the plan, then allow it: {approving(delivery)}"
    if allowed is None or allowed:
        yield f"This plan deletes {listed} from Spinnaker."
        yield review
        return
    known = DeliveredAccount.objects.owned().filter(leaving=False).count()
    if len(names) * 3 > known:
        yield (
            f"This plan deletes {len(names)} of the {known} accounts that Bowline has "
            f"in Spinnaker, more than a third: {listed}."
        )
        yield review
