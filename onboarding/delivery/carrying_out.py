"""One step of a delivery, carried out. Safe to kill at any line and to run again.

What is meant is kept in Bowline's own list before it is sent; what is stored is read
right before, so that a step that was carried out is not sent twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from onboarding.delivery.bodies import differing
from onboarding.delivery.errors import GateError, Kind
from onboarding.delivery.gate import Gate, Stored
from onboarding.delivery.verdicts import Owned, Step, Verb
from onboarding.resources.plan import PlanOutdated

PATIENCE = 300.0
"""Seconds after a creation in which Spinnaker may refuse its creator: it knows who may
write to an account only once that is loaded.
"""


class Book(Protocol):
    """Bowline's own list of the accounts that it made or took over."""

    def owned(self, name: str) -> Owned | None: ...

    def keep(self, owned: Owned) -> None: ...


class NotAsSent(Exception):
    """Spinnaker stored another account than was sent; `fields` names what differs."""

    def __init__(self, name: str, fields: tuple[str, ...]) -> None:
        super().__init__(
            f"Spinnaker stored {name} otherwise than it was sent. Different: "
            f"{', '.join(fields)}."
        )
        self.fields = fields


def carry_out(step: Step, gate: Gate, book: Book) -> None:
    """Save or delete the account; raise GateError, PlanOutdated or NotAsSent."""
    own = book.owned(step.name)
    stored = gate.stored_account(step.type, step.name)
    if own is None:
        check(step, stored)
        own = Owned(step.name, step.type)
    if step.body is None:
        delete(step, own, stored, gate, book)
    else:
        save(step, own, stored, gate, book)


def save(step: Step, own: Owned, stored: Stored | None, gate: Gate, book: Book) -> None:
    assert step.body is not None
    wanted = step.body.digest
    if stored is None or stored.digest != wanted:
        check(step, stored)
        sent = step.before if step.verb is Verb.CHANGE else own.sent
        book.keep(replace(own, sent=sent, sending=wanted))
        answered = gate.save(step.body)
        book.keep(Owned(step.name, step.type, sent=answered.digest))
        if different := differing(answered.fields, step.body.fields):
            raise NotAsSent(step.name, different)
    else:
        book.keep(Owned(step.name, step.type, sent=wanted))


def delete(
    step: Step, own: Owned, stored: Stored | None, gate: Gate, book: Book
) -> None:
    was_hidden = not step.before and stored is not None
    if stored and not (was_hidden and stored.digest in {own.sent, own.sending}):
        check(step, stored)
    sent = stored.digest if stored else own.sent or own.sending
    book.keep(Owned(step.name, step.type, sent=sent, leaving=True))
    gate.delete(step.name)
    book.keep(Owned(step.name, step.type, leaving=True))


def check(step: Step, stored: Stored | None) -> None:
    """Raise PlanOutdated if it is not what a person saw when approving."""
    if (stored.digest if stored else "") == step.before:
        return
    raise PlanOutdated(
        f"{step.name} was changed in Spinnaker after the delivery was planned. Plan "
        "again."
    )


def may_still_come(error: GateError, seconds_since_creation: float | None) -> bool:
    """Return whether a refusal may pass: Spinnaker must learn who may write first."""
    return (
        error.kind is Kind.DENIED
        and seconds_since_creation is not None
        and seconds_since_creation < PATIENCE
    )
