"""Create, Update, Delete, and the diff of desired and observed that yields them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from onboarding.resources.kinds import KINDS, Key, Resource


@dataclass(frozen=True, slots=True)
class Create:
    after: Resource
    verb = "create"

    @property
    def resource(self) -> Resource:
        return self.after

    @property
    def documents(self) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        return None, self.after.as_json()


@dataclass(frozen=True, slots=True)
class Update:
    before: Resource
    after: Resource
    verb = "update"

    @property
    def resource(self) -> Resource:
        return self.after

    @property
    def documents(self) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        return self.before.as_json(), self.after.as_json()


@dataclass(frozen=True, slots=True)
class Delete:
    before: Resource
    verb = "delete"

    @property
    def resource(self) -> Resource:
        return self.before

    @property
    def documents(self) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        return self.before.as_json(), None


Change = Create | Update | Delete


class NotOurs(Exception):
    """Something of a wanted name stands that Bowline did not make."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        super().__init__(
            f"The {resource.kind} {resource.name} in account {resource.account} "
            "exists already and was not made by Bowline."
        )


class WantedTwice(ValueError):
    """One name is wanted for two different things: a detail must change."""

    def __init__(self, resource: Resource) -> None:
        super().__init__(
            f"The {resource.kind} {resource.name} in account {resource.account} is "
            "wanted for two purposes. Give one of them another name."
        )


class PlanOutdated(Exception):
    """AWS or the account has moved since the plan was approved."""


def diff(
    desired: Iterable[Resource], observed: Iterable[Resource], *, adopts: bool = False
) -> tuple[Change, ...]:
    """List what to change, creations in the order of `desired`, deletions last.

    What is observed without Bowline's mark is left as it is: silently where it is
    right or `adopts` says so, else by raising NotOurs. It is never deleted. Raise
    WantedTwice where `desired` contradicts itself.
    """
    wanted: dict[Key, Resource] = {}
    for resource in desired:
        if wanted.setdefault(resource.key, resource) != resource:
            raise WantedTwice(resource)
    found = {resource.key: resource for resource in observed}
    changes: list[Change] = []
    for key, after in wanted.items():
        before = found.get(key)
        if before is None:
            changes.append(Create(after))
        elif before != after and before.owned:
            changes.append(Update(before, after))
        elif before != after and not adopts:
            raise NotOurs(before)
    surplus = [r for r in found.values() if r.owned and r.key not in wanted]
    changes += [Delete(resource) for resource in sorted(surplus, key=deletion_order)]
    return tuple(changes)


def deletion_order(resource: Resource) -> tuple[int, Key]:
    return -KINDS.index(type(resource)), resource.key


@dataclass(frozen=True, slots=True)
class Delta:
    """What exactly a change takes away and adds, as digests: what is approved."""

    key: Key
    removed: frozenset[str]
    added: frozenset[str]

    @classmethod
    def of(cls, change: Change) -> Delta:
        removed, added = gone_and_come(change)
        return cls(change.resource.key, digests(removed), digests(added))

    def covers(self, change: Change) -> bool:
        """Tell whether nothing in the change goes beyond this.

        Less is fine, so that an interrupted change may be finished, and so is the
        end that was approved for a new thing, from whatever half of it stands.
        """
        other = Delta.of(change)
        if other.key != self.key:
            return False
        end = None if isinstance(change, Delete) else digests(change.after.atoms())
        finishes = end == self.added
        return finishes or (other.removed <= self.removed and other.added <= self.added)


def gone_and_come(change: Change) -> tuple[frozenset[str], frozenset[str]]:
    """Give the smallest parts that a change takes away, and those that it adds."""
    before = frozenset() if isinstance(change, Create) else change.before.atoms()
    after = frozenset() if isinstance(change, Delete) else change.after.atoms()
    return before - after, after - before


def digests(atoms: Iterable[str]) -> frozenset[str]:
    return frozenset(hashlib.sha256(atom.encode()).hexdigest()[:16] for atom in atoms)


def refuse_unapproved(changes: Iterable[Change], approved: Iterable[Delta]) -> None:
    """Raise PlanOutdated where a change goes beyond what was approved."""
    deltas = {delta.key: delta for delta in approved}
    new = [
        change
        for change in changes
        if change.resource.key not in deltas
        or not deltas[change.resource.key].covers(change)
    ]
    if new:
        names = ", ".join(f"{c.verb} {c.resource.kind} {c.resource.name}" for c in new)
        raise PlanOutdated(f"This was not in the approved plan: {names}.")
