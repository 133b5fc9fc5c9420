"""What becomes of each account on its own: saved, deleted, or left alone. Pure.

A name that is not Bowline's own is touched only where a person agreed to it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from onboarding.delivery.bodies import Body, differing_by_effect
from onboarding.delivery.gate import Loaded, Stored


class Verb(StrEnum):
    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"
    TAKE_OVER = "take over"


@dataclass(frozen=True, slots=True)
class Owned:
    """An account in Spinnaker that is Bowline's own, as Bowline's own list has it.

    It is kept before anything is sent, so that a killed task leaves no account that
    looks like somebody else's.
    """

    name: str
    type: str
    sent: str = ""
    """The digest of what Spinnaker stored last; empty: nothing yet."""
    sending: str = ""
    """The digest of what may be sent at this moment."""
    leaving: bool = False
    """It is being deleted, to be gone or to be made again; `sent` is empty once it is
    deleted."""

    @property
    def deleted(self) -> bool:
        return self.leaving and not self.sent


class StepKey(NamedTuple):
    """What a person approves of a step."""

    verb: Verb
    type: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Step:
    """One account that is saved or deleted."""

    verb: Verb
    type: str
    name: str
    body: Body | None = None
    """None: it is deleted."""
    before: str = ""
    """The digest of what is stored; empty: nothing is."""
    differing: tuple[str, ...] = ()
    equal: bool = False
    """What is stored makes the same account, so nothing is sent: Bowline manages it
    from now on."""
    renews: bool = False
    """It is stored in place, then deleted, and stored again once it is gone."""
    after_gone: tuple[str, ...] = ()
    """ECS accounts that Spinnaker must have unloaded first."""
    after_loaded: tuple[str, ...] = ()
    """Accounts that Spinnaker must have loaded first, as they are wanted."""

    @property
    def key(self) -> StepKey:
        """Name what is approved: what is stored before, and afterwards."""
        after = (self.body.described or self.body.digest) if self.body else ""
        if self.equal:
            after = self.before
        return StepKey(self.verb, self.type, self.name, self.before, after)


class Why(StrEnum):
    """Why an account is left alone, in words."""

    FOREIGN = "It is stored in Spinnaker, and not by Bowline."
    FROM_A_FILE = "Spinnaker has it from a file."
    TAKEN = (
        "Spinnaker has an account with this name that Bowline didn't create. Agree to "
        "take it over, or choose another name."
    )
    EQUAL = (
        "Spinnaker has it already as Bowline would send it, and Bowline doesn't manage "
        "it there. Agree to let Bowline manage it: nothing changes in Spinnaker."
    )
    OF_ANOTHER_TYPE = "Spinnaker has an account of another type by this name."
    SAME_ROW = (
        "The database takes this name for that of another account, in other letters. "
        "Choose another name."
    )
    CHANGED_ELSEWHERE = (
        "Someone else changed it in Spinnaker after Bowline sent it. Agree to "
        "overwrite the change, or make the same change in Bowline."
    )
    VANISHED = (
        "Bowline sent it, and Spinnaker no longer stores it. Agree to send it again."
    )
    HIDDEN = (
        "Spinnaker has loaded it but doesn't list it: it is in a file, or the service "
        "account has no WRITE permission for it."
    )
    INVALID = "It must not be sent."
    UNSUPPORTED = "This release of Spinnaker doesn't load it."
    WITHOUT_AWS_ACCOUNT = "Its AWS account isn't delivered, or isn't loaded."
    STILL_USED = "An ECS account that isn't deleted uses it."


@dataclass(frozen=True, slots=True)
class Left:
    """An account that is left alone."""

    name: str
    type: str
    why: Why
    detail: str = ""

    @property
    def sentence(self) -> str:
        return f"{self.why} {self.detail}".strip()


@dataclass(frozen=True, slots=True)
class FoundAccounts:
    """What was read of Spinnaker."""

    stored: Mapping[str, Stored]
    loaded: Mapping[str, Loaded]
    spellings: Mapping[str, frozenset[str]] = field(init=False)
    """The names that the database would keep in one row."""

    def __post_init__(self) -> None:
        rows: dict[str, set[str]] = {}
        for name in (*self.stored, *self.loaded):
            rows.setdefault(one_row(name), set()).add(name)
        frozen = {row: frozenset(names) for row, names in rows.items()}
        object.__setattr__(self, "spellings", frozen)

    @classmethod
    def of(cls, stored: Iterable[Stored], loaded: Iterable[Loaded]) -> FoundAccounts:
        return cls({one.name: one for one in stored}, {one.name: one for one in loaded})

    def has(self, name: str) -> bool:
        return name in self.stored or name in self.loaded

    def type_of(self, name: str) -> str:
        found = self.stored.get(name) or self.loaded.get(name)
        return found.type if found else ""

    def same_row(self, name: str) -> tuple[str, ...]:
        """List other spellings that a row of this name would replace."""
        if name in self.stored:
            return ()
        return tuple(sorted(self.spellings.get(one_row(name), frozenset()) - {name}))


def one_row(name: str) -> str:
    """Return what the database compares: it ignores case, accents and last blanks."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).rstrip(" ")


def saving(
    body: Body, found: FoundAccounts, own: Owned | None, agreed: Set[str]
) -> Step | Left | None:
    """Decide what becomes of a wanted account; None where it is as wanted."""
    name, stored = body.name, found.stored.get(body.name)
    if others := found.same_row(name):
        return Left(name, body.type, Why.SAME_ROW, f"It is “{', '.join(others)}”.")
    if found.type_of(name) not in {"", body.type}:
        return Left(name, body.type, Why.OF_ANOTHER_TYPE, "Choose another name.")
    before = stored.digest if stored else ""
    changed = changed_by(body, found)
    is_equal = stored is not None and not changed
    verb = None if own and is_equal else verb_of(body, found, own, before)
    if verb is Why.TAKEN and is_equal:
        verb = Why.EQUAL
    if isinstance(verb, Why) and name in agreed:
        verb = agreed_verb(verb, found.has(name))
    match verb:
        case Verb():
            return Step(verb, body.type, name, body, before, changed, equal=is_equal)
        case Why():
            return Left(name, body.type, verb, fields_sentence(changed))
    return None


def changed_by(body: Body, found: FoundAccounts) -> tuple[str, ...]:
    """Name the fields in which what is stored makes another account than the body."""
    stored, loaded = found.stored.get(body.name), found.loaded.get(body.name)
    if stored is None:
        return ()
    return differing_by_effect(
        body.type,
        body.name,
        stored.fields,
        body.fields,
        loaded.fields if loaded else None,
    )


def verb_of(
    body: Body, found: FoundAccounts, own: Owned | None, before: str
) -> Verb | Why:
    """Say what may be done without asking a person, or why a person must be asked."""
    if own is None:
        return Why.TAKEN if found.has(body.name) else Verb.ADD
    if not before:
        if own.leaving or (not own.sent and body.name not in found.loaded):
            return Verb.ADD
        return Why.VANISHED if own.sent else Why.TAKEN
    if before in {own.sent, own.sending}:
        return Verb.CHANGE
    return Why.CHANGED_ELSEWHERE if own.sent else Why.TAKEN


def agreed_verb(why: Why, exists: bool) -> Verb:
    """Say what a person agrees to where Bowline asks."""
    if why is Why.CHANGED_ELSEWHERE:
        return Verb.CHANGE
    return Verb.TAKE_OVER if exists else Verb.ADD


def removal(own: Owned, found: FoundAccounts, agreed: Set[str]) -> Step | Left | None:
    """Decide what becomes of an account of Bowline's that is no longer wanted."""
    stored = found.stored.get(own.name)
    if stored is None:
        if own.deleted:
            return None
        if own.name in found.loaded and not own.leaving:
            return Left(own.name, own.type, Why.HIDDEN)
        # Perhaps never sent, deleted already, or made a moment ago and still hidden.
        return Step(Verb.REMOVE, own.type, own.name)
    if stored.type != own.type:
        return Left(own.name, stored.type, Why.OF_ANOTHER_TYPE)
    if stored.digest in {own.sent, own.sending} or own.name in agreed:
        return Step(Verb.REMOVE, own.type, own.name, before=stored.digest)
    return Left(own.name, own.type, Why.CHANGED_ELSEWHERE if own.sent else Why.TAKEN)


def fields_sentence(names: Iterable[str]) -> str:
    listed = ", ".join(names)
    return f"Different: {listed}." if listed else ""
