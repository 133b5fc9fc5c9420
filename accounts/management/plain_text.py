"""Plans and deliveries as plain text for a terminal, and what of them must be typed."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from accounts.mapping.plans import plan_of
from accounts.models import DeliveredAccount, Delivery, DeliveryStep, Run
from accounts.models.spinnaker import DeliveryStepQuerySet
from accounts.runs.deciding.confirmation import (
    AccessUntested,
    Answer,
    access_tested,
    lost_in_words,
)
from accounts.web.runs.views import brings
from accounts.wording import counted, first_of
from onboarding.carried.table import SECRET
from onboarding.delivery.verdicts import Verb, Why
from onboarding.resources.entry_changes import EntryChange
from onboarding.resources.plan import Plan, PlannedChange, by_topic

MOST_OF_TOPIC = 50
"""The most risks of a topic: a trust policy of others may name hundreds."""
SIGNS = {"create": "+", "update": "~", "delete": "-"}


def printed(run: Run, *, whole: bool = True) -> str:
    return "\n".join([summary(run), *diff_lines(run, whole=whole)])


def summary(run: Run) -> str:
    plan = plan_of(run)
    counts = ", ".join(f"{count} to {verb}" for verb, count in plan.counts.items())
    if plan.entries:
        counts += f", {len(plan.entries)} in what Spinnaker knows"
    return f"{run.account_name}: {counts}"


def diff_lines(run: Run, *, whole: bool = True) -> Iterator[str]:
    plan = plan_of(run)
    yield from (f"  {line}" for line in notes(run, plan))
    for change in plan.changes:
        where = f"{change.account_name} ({change.key.account})"
        yield f"  {SIGNS[change.verb]} {change.key.kind} {change.key.name} in {where}"
        if whole:
            yield f"    {change.reason}"
            yield from (f"    {line}" for line in changed_lines(change))
    for entry in plan.entries:
        yield f"  {SIGNS[entry.verb]} Spinnaker's {entry.provider} account {entry.name}"
        if whole:
            yield from (f"    {line}" for line in changed_lines(entry))


def notes(run: Run, plan: Plan) -> Iterator[str]:
    """Yield what the approver must know in addition to the changes."""
    for choice in plan.not_recommended:
        yield f"! Not recommended for {choice.titles}. {choice.sentence}"
    for concern in by_topic(plan.risks):
        for risk in concern.risks[:MOST_OF_TOPIC]:
            yield f"! {risk.key.name}: {risk.sentence}"
        if more := concern.risks[MOST_OF_TOPIC:]:
            yield f"! {concern.topic}: {len(more):,} more. The API lists all of them."
    if run.account and (said := brings(run)):
        yield said
        yield from (f"  v{n} {text}" for n, text in run.account.newer_policies)


def changed_lines(change: PlannedChange | EntryChange) -> Iterator[str]:
    before, after = pretty(change.before), pretty(change.after)
    for line in difflib.unified_diff(before, after, lineterm="", n=2):
        if not line.startswith(("---", "+++", "@@")):
            yield line


def pretty(document: dict[str, Any] | None) -> list[str]:
    if document is None:
        return []
    return json.dumps(document, indent=2, ensure_ascii=False).splitlines()


DELIVERY_SIGNS = {
    Verb.ADD: "+",
    Verb.CHANGE: "~",
    Verb.REMOVE: "-",
    Verb.TAKE_OVER: "!",
}
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
        sign = DELIVERY_SIGNS[Verb(step.verb)]
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
    """Say why deletions are not approved, as for AWS; `was_read`: the
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


def kept_deletions(run: Run, allowed: list[str] | None) -> Iterator[str]:
    """Say why a plan's deletions, and what Spinnaker loses by it, are not approved;
    nothing if they are, or if there are none.

    allowed: None for none at all, names for these accounts alone and whatever they
    lose, an empty list for all accounts while enough is left of each.
    """
    plan = plan_of(run)
    if run.account_name in (allowed or ()):
        return
    if plan.to_confirm and (allowed is None or allowed):
        if plan.deletions:
            yield f"This plan deletes {names(plan.deletions)}."
        if plan.losses:
            yield f"After this plan, {lost_in_words(plan)}."
        yield f"Review the plan, then allow it: --allow-delete {run.account_name}"
    elif plan.sweeping or plan.loses_over_a_third:
        yield from too_much(plan)
        yield f"To allow it, name the account: --allow-delete {run.account_name}"


def without_test(run: Run, test: str) -> Iterator[str]:
    """Say that a plan asks for a test of access which isn't there; nothing if it is."""
    try:
        access_tested(run, plan_of(run), Answer.of(test))
    except AccessUntested as error:
        yield f"{error} Bring it with --access-test."


def too_much(plan: Plan) -> Iterator[str]:
    """Say of what over a third would be gone."""
    for account, deletions in plan.sweeping.items():
        yield (
            f"This plan deletes {len(deletions)} of the {plan.existing[account]} "
            f"resources that Bowline created in account {account}, more than a "
            f"third: {names(deletions)}."
        )
    if plan.loses_over_a_third:
        yield (
            f"After this plan, {lost_in_words(plan)}. That is more than a third of the "
            f"{counted(plan.listed, 'role')} on its list."
        )


def names(changes: Iterable[PlannedChange]) -> str:
    return ", ".join(f"{change.key.kind} {change.key.name}" for change in changes)
