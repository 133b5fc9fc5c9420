"""A whole delivery against a strict Gate: as a worker would do it, in no time."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from onboarding.delivery.bodies import TYPES, Body
from onboarding.delivery.carrying_out import carry_out
from onboarding.delivery.loading import Since, loaded_otherwise, waits_for
from onboarding.delivery.plan import DeliveryPlan, delivery_plan
from onboarding.delivery.releases import Release
from onboarding.delivery.verdicts import FoundAccounts, Owned, StepKey
from tests.onboarding.delivery.strict_gate import StrictGate


@dataclass
class List:
    """Bowline's own list, in memory; it survives a killed worker."""

    rows: dict[str, Owned] = field(default_factory=dict)

    def owned(self, name: str) -> Owned | None:
        return self.rows.get(name)

    def keep(self, owned: Owned) -> None:
        self.rows[owned.name] = owned


def planned(
    strict: StrictGate,
    wanted: Iterable[Body],
    book: List,
    *,
    agreed: Set[str] = frozenset(),
    release: Release | None = None,
) -> DeliveryPlan:
    gate = strict.gate
    stored = [one for type_ in TYPES for one in gate.stored(type_)]
    found = FoundAccounts.of(stored, gate.loaded())
    return delivery_plan(wanted, found, book.rows, agreed=agreed, release=release)


def deliver(
    strict: StrictGate,
    wanted: Iterable[Body],
    book: List,
    *,
    agreed: Set[str] = frozenset(),
    approved: Set[StepKey] | None = None,
) -> DeliveryPlan:
    """Plan, and carry out each step once what it waits for is so."""
    wanted = tuple(wanted)
    plan = planned(strict, wanted, book, agreed=agreed)
    assert approved is None or not plan.unapproved(approved), plan.unapproved(approved)
    bodies = {body.name: body for body in wanted}
    since, gate = Since(), strict.gate
    for step in plan.steps:
        for _ in range(100):
            since = look(strict, bodies, since, {*step.after_gone, *step.after_loaded})
            if not waits_for(step, since, now=strict.clock.now, period=strict.period):
                break
            strict.clock.sleep(15)
        else:
            raise AssertionError(f"{step} waits forever")
        carry_out(step, gate, book)
    for name in plan.gone:
        del book.rows[name]
    return plan


def look(
    strict: StrictGate, bodies: dict[str, Body], since: Since, names: Set[str]
) -> Since:
    """See which of these accounts are loaded as wanted, and which are gone."""
    found = {name: strict.gate.loaded_account(name) for name in names}
    return since.seen(
        loaded=[
            name
            for name, account in found.items()
            if account
            and name in bodies
            and not loaded_otherwise(bodies[name], account)
        ],
        gone=[name for name, account in found.items() if account is None],
        now=strict.clock.now,
    )


def settle(strict: StrictGate, seconds: float = 300) -> None:
    """Let all replicas poll, and Gate's list become new."""
    strict.clock.sleep(seconds)
    strict.tick()
