"""Plan a delivery: what Spinnaker has, what it is to have, and the difference."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import DateTimeField, Value
from django.db.models.functions import Coalesce

from accounts.mapping import snapshots
from accounts.mapping.entries import verified_entries
from accounts.mapping.managing import managing_row
from accounts.models import DeliveredAccount, Delivery, DeliveryStep, ManagedAccount
from accounts.models.people import approved_in
from accounts.people.deciding import second_person_for
from accounts.people.reach import reach_of_delivery
from accounts.slices import in_slices
from accounts.spinnaker.bundles import refuse_twins
from accounts.spinnaker.deliveries.looking import Reached, look
from accounts.spinnaker.next_bundle import held
from onboarding.delivery.bodies import Body, bodies
from onboarding.delivery.plan import DeliveryPlan, delivery_plan
from onboarding.delivery.verdicts import FoundAccounts, Owned
from onboarding.names import visible
from onboarding.spinnaker.entries import Entries
from onboarding.spinnaker.services.bake_account import bake_account
from onboarding.topology import Managing


@dataclass(frozen=True, slots=True)
class Ledger:
    """The list in the database; `bodies` are what may be sent, by name."""

    bodies: Mapping[str, Body]
    now: Callable[[], datetime]

    def owned(self, name: str) -> Owned | None:
        return DeliveredAccount.objects.by_name([name]).get(name)

    def keep(self, owned: Owned) -> None:
        """Write it down; what was seen of the account before holds no longer."""
        now = self.now()
        kept = {
            "type": owned.type,
            "sent": owned.sent,
            "sending": owned.sending,
            "leaving": owned.leaving,
            "forgotten": False,
            "sent_at": now,
            "loaded_at": None,
            "gone_at": None,
            **self.known_in_aws(owned),
        }
        made = (
            None if owned.deleted else Coalesce("made_at", Value(now, DateTimeField()))
        )
        rows = DeliveredAccount.objects.filter(name=owned.name)
        if not rows.update(**kept, made_at=made):
            DeliveredAccount.objects.create(name=owned.name, **kept, made_at=now)

    def known_in_aws(self, owned: Owned) -> dict[str, str]:
        """Say which external ID Spinnaker sends, once it has loaded the account."""
        body = self.bodies.get(owned.name)
        if owned.leaving or body is None or body.type != "aws":
            return {}
        external_id = str(body.document.get("externalId", ""))
        return {"account_id": body.document["accountId"], "external_id": external_id}


def wanted_entries() -> tuple[Managing, Entries]:
    """Read each account as it was approved and last proved; raise Twins, or
    NoManagingAccount.
    """
    managing = snapshots.in_force(managing_row())
    rows = held().only("name", "verified")
    refuse_twins(rows)
    return managing, verified_entries(managing, rows)


def wanted_bodies() -> tuple[Body, ...]:
    """Write each account as it is sent."""
    _, entries = wanted_entries()
    return bodies(entries)


def environments(names: Collection[str]) -> list[str]:
    """List the environments of the accounts that Spinnaker knows, or knew, by these
    names; empty: of none.
    """
    left, found = set(names), set[str]()
    sent = DeliveredAccount.objects.filter(name__in=names).order_by()
    ids = {*sent.values_list("account_id", flat=True)}
    for row in held().only("verified", "environment", "account_id"):
        mine = {entry["name"] for entry in row.verified["entries"]}
        if mine & left:
            found.add(row.environment)
            ids.add(row.account_id)
            left -= mine
    for some in in_slices(sorted(left)):
        rows = ManagedAccount.objects.filter(spinnaker_names__name__in=some).order_by()
        for account_id, environment in rows.values_list("account_id", "environment"):
            found.add(environment)
            ids.add(account_id)
    return sorted(found.union(*approved_in(ids).values()) or {""})


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
    managing, entries = wanted_entries()
    wanted = bodies(entries)
    found = reached.found()
    plan = delivery_plan(
        wanted,
        found,
        DeliveredAccount.objects.by_name(),
        agreed=frozenset(agreed),
        release=reached.release,
    )
    bake = bake_account(managing, entries)
    if bake and bake.warning:
        plan = replace(plan, warnings=(*plan.warnings, bake.warning))
    return Compared(plan, found, {body.name: body for body in wanted})


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
