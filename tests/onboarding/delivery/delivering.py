"""A whole delivery against a strict Gate: as a worker would do it, in no time."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from onboarding.carried.table import KINDS
from onboarding.delivery.bodies import Body
from onboarding.delivery.carrying_out import carry_out
from onboarding.delivery.loading import Since, loaded_otherwise, waits_for
from onboarding.delivery.plan import DeliveryPlan, delivery_plan
from onboarding.delivery.releases import Release
from onboarding.delivery.verdicts import FoundAccounts, Owned
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
    stored = [one for type_ in KINDS for one in gate.stored(type_)]
    found = FoundAccounts.of(stored, gate.loaded())
    return delivery_plan(wanted, found, book.rows, agreed=agreed, release=release)


def deliver(
    strict: StrictGate,
    wanted: Iterable[Body],
    book: List,
    *,
    agreed: Set[str] = frozenset(),
) -> DeliveryPlan:
    """Plan, and carry out each step once what it waits for is so."""
    wanted = tuple(wanted)
    plan = planned(strict, wanted, book, agreed=agreed)
    carry(strict, wanted, book, plan, set())
    return plan


def carry(
    strict: StrictGate,
    wanted: Iterable[Body],
    book: List,
    plan: DeliveryPlan,
    done: set[int],
    *,
    in_a_list: bool = False,
) -> None:
    """Carry out the steps of a plan that are not done yet, and note those that are.
    What is loaded is asked for by name, or all at once.
    """
    bodies = {body.name: body for body in wanted}
    since, gate = Since(), strict.gate
    for number, step in enumerate(plan.steps):
        while number not in done:
            for _ in range(100):
                names = {*step.after_gone, *step.after_loaded}
                since = look(strict, bodies, since, names, in_a_list=in_a_list)
                own = book.owned(step.name)
                if not waits_for(
                    step,
                    since,
                    now=strict.clock.now,
                    period=strict.period,
                    own=own,
                ):
                    break
                strict.clock.sleep(15)
            else:
                raise AssertionError(f"{step} waits forever")
            if carry_out(step, gate, book):
                done.add(number)
    for name in plan.gone:
        book.rows.pop(name, None)


def look(
    strict: StrictGate,
    bodies: dict[str, Body],
    since: Since,
    names: Set[str],
    *,
    in_a_list: bool,
) -> Since:
    """See which of these accounts are loaded as wanted, and which are gone."""
    asked = {*names, *(bodies[name].aws_account for name in names if name in bodies)}
    asked_of = strict.gate.loaded_account
    if in_a_list and asked - {""}:
        asked_of = {one.name: one.shown for one in strict.gate.loaded()}.get
    found = {name: asked_of(name) for name in asked - {""}}
    return since.seen(
        loaded=[
            name
            for name in names
            if (account := found[name])
            and name in bodies
            and not loaded_otherwise(
                bodies[name], account, found.get(bodies[name].aws_account)
            )
        ],
        gone=[name for name in names if found[name] is None],
        now=strict.clock.now,
    )


def settle(strict: StrictGate, seconds: float = 300) -> None:
    """Let all replicas poll, and Gate's list become new."""
    strict.clock.sleep(seconds)
    strict.tick()
