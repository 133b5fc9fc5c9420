"""One step of a delivery, carried out. Safe to kill at any line and to run again.

What is meant is kept in Bowline's own list before it is sent; what is stored is read
right before, so that a step that was carried out is not sent twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from onboarding.delivery.bodies import differing
from onboarding.delivery.gate import Gate, Stored
from onboarding.delivery.transport import GateError, Kind
from onboarding.delivery.verdicts import Owned, Step, Verb
from onboarding.resources.plan import PlanOutdated

PATIENCE = 300.0
"""Seconds after a creation in which Spinnaker may refuse its creator: it knows who may
write to an account only once that is loaded.
"""


NOT_DONE = frozenset(
    {
        Kind.SIGN_IN,
        Kind.DENIED,
        Kind.STORAGE_OFF,
        Kind.REFUSED,
        Kind.FORBIDDEN_ADDRESS,
    }
)
"""Answers after which it is certain that nothing was deleted."""


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


def carry_out(step: Step, gate: Gate, book: Book) -> bool:
    """Save or delete the account; raise GateError, PlanOutdated or NotAsSent.

    Return whether it is done: False where it was deleted, and must be stored again once
    Spinnaker has unloaded it.
    """
    own = book.owned(step.name)
    stored = gate.stored_account(step.type, step.name)
    if own is None:
        check(step, stored)
        own = Owned(step.name, step.type)
    if step.body is None:
        delete(step, own, stored, gate, book)
    elif step.equal:
        book.keep(Owned(step.name, step.type, sent=step.before))
    elif step.renews:
        return renew(step, own, stored, gate, book)
    else:
        save(step, own, stored, gate, book)
    return True


def save(step: Step, own: Owned, stored: Stored | None, gate: Gate, book: Book) -> None:
    assert step.body is not None
    wanted = step.body.digest
    if stored is None or stored.digest != wanted:
        check(step, stored, own)
        sent = step.before if step.verb is Verb.CHANGE and stored else own.sent
        book.keep(replace(own, sent=sent, sending=wanted))
        answered = gate.save(step.body)
        book.keep(Owned(step.name, step.type, sent=answered.digest))
        if different := differing(answered.fields, step.body.fields):
            raise NotAsSent(step.name, different)
    else:
        book.keep(Owned(step.name, step.type, sent=wanted))


def renew(
    step: Step, own: Owned, stored: Stored | None, gate: Gate, book: Book
) -> bool:
    """Store it in place, so that Spinnaker is known to accept it, and delete it; or
    store again what is deleted. Return whether it is stored again.
    """
    if own.deleted:
        save(step, own, stored, gate, book)
        return True
    assert step.body is not None
    if not own.leaving:
        save(step, own, stored, gate, book)
    elif stored and stored.digest != step.body.digest:
        check(step, stored)
    kept = Owned(step.name, step.type, sent=step.body.digest)
    book.keep(replace(kept, leaving=True))
    try:
        gate.delete(step.name)
    except GateError as error:
        if error.kind in NOT_DONE:
            book.keep(kept)
        raise
    book.keep(Owned(step.name, step.type, leaving=True))
    return False


def put_back(step: Step, gate: Gate, book: Book) -> None:
    """Store again what was deleted to be stored again, whatever became of the rest;
    raise GateError. What is stored meanwhile stays as it is.
    """
    own = book.owned(step.name)
    if step.body is None or own is None or not own.leaving:
        return
    stored = gate.stored_account(step.type, step.name)
    if stored is None:
        book.keep(replace(own, sending=step.body.digest))
        stored = gate.save(step.body)
    is_bowlines = stored.digest in {own.sent, own.sending, step.body.digest}
    sent = stored.digest if is_bowlines else ""
    book.keep(Owned(step.name, step.type, sent=sent))


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


def check(step: Step, stored: Stored | None, own: Owned | None = None) -> None:
    """Raise PlanOutdated if it is not what a person saw when approving, nor what
    Bowline deleted to store it again.
    """
    if (stored.digest if stored else "") == step.before:
        return
    if stored is None and own and own.leaving:
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
