"""Planning a delivery: what Spinnaker is to have, compared with what it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction

from accounts.models import DeliveredAccount, Delivery, DeliveryStep
from accounts.people.deciding import second_person_for
from accounts.people.reach import reach_of_delivery
from accounts.slices import in_slices
from accounts.spinnaker.deliveries.looking import look
from accounts.spinnaker.deliveries.reached import Reached
from accounts.spinnaker.deliveries.wanted import environments, wanted_bodies
from onboarding.delivery.bodies import Body
from onboarding.delivery.plan import DeliveryPlan, delivery_plan
from onboarding.delivery.verdicts import FoundAccounts
from onboarding.names import visible

AT_ONCE = 500
"""Rows in one INSERT."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A plan, and what it was made of."""

    plan: DeliveryPlan
    found: FoundAccounts
    bodies: Mapping[str, Body]


def compare_with_spinnaker(reached: Reached, agreed: Iterable[str] = ()) -> Compared:
    """Compare what is wanted with what Spinnaker has; send and keep nothing."""
    bodies = wanted_bodies()
    found = reached.found()
    plan = delivery_plan(
        bodies,
        found,
        DeliveredAccount.objects.by_name(),
        agreed=frozenset(agreed),
        release=reached.release,
    )
    return Compared(plan, found, {body.name: body for body in bodies})


def plan(delivery: Delivery, reached: Reached) -> None:
    """Plan it, and let it wait for approval where there is anything to do."""
    now = compare_with_spinnaker(reached, delivery.agreed)
    see_unseen(now, reached)
    delivery.extend_lease()
    rows = steps_of(delivery, now)
    names = {step.name for step in now.plan.steps}
    delivery.environments = environments(names)
    status = Delivery.Status.PLANNED if rows else Delivery.Status.LOADED
    with transaction.atomic():
        delivery.carry(
            status,
            fingerprint=now.plan.fingerprint,
            environments=delivery.environments,
            second=second_person_for(reach_of_delivery(delivery)),
            **plan_columns(now.plan),
        )
        delivery.steps.all().delete()
        DeliveryStep.objects.bulk_create(rows, batch_size=AT_ONCE)
        for some in in_slices(now.plan.gone):
            DeliveredAccount.objects.forget(some)


def steps_of(delivery: Delivery, now: Compared) -> list[DeliveryStep]:
    """Make the rows of the steps, unsaved."""
    return [
        DeliveryStep.of(delivery, position, step, was(now.found, step.name))
        for position, step in enumerate(now.plan.steps)
    ]


def was(found: FoundAccounts, name: str) -> Mapping[str, str]:
    stored = found.stored.get(name)
    return stored.fields if stored else {}


def plan_columns(plan: DeliveryPlan) -> dict[str, object]:
    """Write what is said of a plan, apart from its steps. Names that somebody else
    gave may hold anything: what no database takes, or what nobody sees.
    """
    return {
        "left": [
            {
                "name": visible(one.name),
                "type": visible(one.type),
                "why": one.why.name,
                "sentence": visible(one.sentence),
            }
            for one in plan.left
        ],
        "warnings": [visible(one) for one in plan.warnings],
        "counts": {
            **{verb.value: count for verb, count in plan.counts.items()},
            "unchanged": len(plan.unchanged),
            "leaving": len(plan.leaving),
        },
    }


def see_unseen(now: Compared, reached: Reached) -> None:
    """Look after what earlier deliveries did not see loaded, or gone, in their time."""
    rows = DeliveredAccount.objects.owned()
    unloaded = rows.filter(loaded_at=None, leaving=False)
    unchanged = {*now.plan.unchanged}
    unseen = [
        now.bodies[name]
        for name in unloaded.values_list("name", flat=True)
        if name in unchanged
    ]
    leaving = rows.filter(gone_at=None, leaving=True, sent="")
    gone = [
        name
        for name in leaving.values_list("name", flat=True)
        if name not in now.found.stored
    ]
    look(reached, unseen, gone)
