"""Plan: what changes between observed and desired, and what of it was approved."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from onboarding.resources.entry_changes import EntryChange
from onboarding.resources.kinds import KINDS, Key, Resource, Role
from onboarding.resources.risks import (
    Assumable,
    Concern,
    Risk,
    Topic,
    lost_grants,
    risks,
)


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
        return self.before.as_found(), self.after.as_json()


@dataclass(frozen=True, slots=True)
class Delete:
    before: Resource
    verb = "delete"

    @property
    def resource(self) -> Resource:
        return self.before

    @property
    def documents(self) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        return self.before.as_found(), None


Change = Create | Update | Delete


class NotOurs(Exception):
    """Something with a wanted name exists that Bowline did not create."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        super().__init__(
            f"The {resource.kind} {resource.name} in account {resource.account} "
            "already exists and wasn't created by Bowline."
        )


class WantedTwice(ValueError):
    """One name is wanted for two different things: a detail must change."""

    def __init__(self, resource: Resource) -> None:
        super().__init__(
            f"The {resource.kind} {resource.name} in account {resource.account} is "
            "wanted for two purposes. Give one of them another name."
        )


class PlanOutdated(Exception):
    """AWS, the account or Spinnaker has moved since the plan was approved."""


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


def beyond(change: Change) -> tuple[Risk, ...]:
    """List what is risky in what was found beyond what is wanted, as a change of it
    would take it away.
    """
    before, after = change.documents
    found = risks(change.resource.key, after, before)
    return tuple(risk for risk in found if risk.topic is not Topic.SHUT_OUT)


def as_found(change: Change) -> str:
    """Say what somebody reads first of what was found in place of what is wanted."""
    sentences = [risk.sentence for risk in beyond(change)]
    match change:
        case Update(Role(boundary=found), Role(boundary=wanted)) if found != wanted:
            sentences.append(limited_by(found))
    return " ".join(sentences)


def limited_by(boundary: str) -> str:
    if not boundary:
        return "No permissions boundary limits it."
    return f"The permissions boundary {boundary} limits it."


def kept_beyond(
    wanted: Iterable[Resource], observed: Iterable[Resource]
) -> tuple[Risk, ...]:
    """List likewise what is left as it is: things that were there before Bowline."""
    found = {one.key: one for one in observed if not one.owned}
    return tuple(
        risk
        for after in wanted
        if (before := found.get(after.key)) and before != after
        for risk in beyond(Update(before, after))
    )


def deletion_order(resource: Resource) -> tuple[int, Key]:
    return -KINDS.index(type(resource)), resource.key


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A change as a person reads and approves it."""

    key: Key
    verb: str
    account_name: str
    """What people call the account of the key."""
    reason: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    """The documents as JSON; None where there is none."""
    removed: frozenset[str]
    added: frozenset[str]
    """Digests of what exactly it takes away and adds: these are what is approved."""

    @classmethod
    def of(cls, change: Change, account_name: str = "") -> PlannedChange:
        removed, added = gone_and_come(change)
        before, after = change.documents
        return cls(
            key=change.resource.key,
            verb=change.verb,
            account_name=account_name,
            reason=change.resource.reason,
            before=before,
            after=after,
            removed=digests(removed),
            added=digests(added),
        )

    def covers(self, change: Change) -> bool:
        """Return whether nothing in the change goes beyond this.

        Less is fine, so that an interrupted change may be finished, and so is the
        end that was approved for a new thing, from whatever half of it exists.
        """
        if change.resource.key != self.key:
            return False
        if not isinstance(change, Delete):
            end = digests(change.after.atoms())
            if end == self.added:
                return True
        removed, added = gone_and_come(change)
        if isinstance(change, Delete):
            removed -= change.before.empty_atoms
        return digests(removed) <= self.removed and digests(added) <= self.added


class NotRecommended(NamedTuple):
    """A choice that is there for those who must, and the providers it was made for."""

    titles: str
    sentence: str


VERBS = ("create", "update", "delete")


@dataclass(frozen=True, slots=True)
class Plan:
    """All that one approval is about. Pages, command line and approval ask it."""

    changes: tuple[PlannedChange, ...] = ()
    not_recommended: tuple[NotRecommended, ...] = ()
    """What is discouraged among the choices that the plan carries out."""
    fingerprint: str = ""
    """Equal in identical plans for different accounts; empty: read alone."""
    existing: Mapping[str, int] = field(default_factory=dict)
    """How many of Bowline's resources were found, by account id."""
    entries: tuple[EntryChange, ...] = ()
    """What changes of what Spinnaker knows; in AWS it changes nothing."""
    listed: int = 0
    """How many roles Spinnaker's identity could assume, by its list."""
    others: tuple[Risk, ...] = ()
    """Who else can assume roles that stay and get permissions by it."""
    decided: Mapping[str, Any] = field(default_factory=dict)
    """Where it is decided and who caused it, which is approved with it; as JSON."""

    def __bool__(self) -> bool:
        """Return whether there is anything to approve."""
        return bool(self.changes or self.entries)

    @property
    def digest(self) -> str:
        """Identify, word for word, what a person reads before approving it."""
        read = (
            [(*c.key, c.verb, c.before, c.after) for c in self.changes],
            [sorted(c.removed | c.added) for c in self.changes],
            [(entry.before, entry.after) for entry in self.entries],
            *([self.decided] if self.decided else []),
            *(
                [[(*one.key, one.sentence) for one in self.others]]
                if self.others
                else []
            ),
        )
        return hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()

    @property
    def counts(self) -> dict[str, int]:
        """Count the changes by verb, in the order in which people read them."""
        return by_verb(self.changes)

    @property
    def entry_counts(self) -> dict[str, int]:
        """Count what changes of what Spinnaker knows, likewise."""
        return by_verb(self.entries)

    @property
    def deletions(self) -> tuple[PlannedChange, ...]:
        return tuple(change for change in self.changes if change.verb == "delete")

    @property
    def assumable(self) -> Assumable:
        """Return what Spinnaker may assume before and after it, of what it changes."""
        return Assumable.of((one.key, one.before, one.after) for one in self.changes)

    @property
    def losses(self) -> tuple[Risk, ...]:
        """List what Spinnaker can no longer assume."""
        return tuple(risk for risk in self.risks if risk.topic is Topic.LOST)

    @property
    def to_confirm(self) -> tuple[Risk, ...]:
        """List what it deletes in AWS, and what Spinnaker loses by it: a person who
        approves that says so, in addition to pressing a button.
        """
        return (*map(deletion, self.deletions), *self.losses)

    @property
    def sweeping(self) -> dict[str, tuple[PlannedChange, ...]]:
        """Give, by account id, the deletions that are over a third of what exists.

        octoDNS has the same limit: a larger deletion is more often a mistake.
        """
        by_account: dict[str, list[PlannedChange]] = {}
        for change in self.deletions:
            by_account.setdefault(change.key.account, []).append(change)
        return {
            account: tuple(deletions)
            for account, deletions in by_account.items()
            if 3 * len(deletions) > self.existing.get(account, 0)
        }

    @property
    def loses_over_a_third(self) -> bool:
        """Return whether Spinnaker loses likewise many of the roles on its list."""
        return 3 * len(self.assumable.lost) > self.listed

    @property
    def risks(self) -> tuple[Risk, ...]:
        """List what a security reviewer reads first, in the order of the changes."""
        whole = self.assumable
        of_changes = tuple(
            risk
            for change in self.changes
            for risk in risks(change.key, change.before, change.after, whole)
        )
        of_entries = tuple(
            Risk(entry.key, Topic.EVERYONE, sentence)
            for entry in self.entries
            for sentence in entry.risks
        )
        moves = tuple(
            Risk(entry.key, Topic.ENVIRONMENT, entry.leaves)
            for entry in self.entries
            if entry.leaves
        )
        less = tuple(
            Risk(entry.key, Topic.NARROWED, sentence)
            for entry in self.entries
            for sentence in entry.losses
        )
        lost = tuple(lost_grants((c.key, c.before, c.after) for c in self.changes))
        return self.others + moves + of_entries + less + of_changes + lost

    @property
    def concerns(self) -> tuple[Concern, ...]:
        """Return deletions and risks by topic, in the order in which people read."""
        gone = (entry.key for entry in self.entries if entry.after is None)
        found = [
            *map(deletion, self.deletions),
            *(deletes(key, "Spinnaker's account") for key in gone),
            *self.risks,
        ]
        return by_topic(found)

    def covers(self, change: Change) -> bool:
        """Return whether the change goes no further than what this plan holds."""
        return any(planned.covers(change) for planned in self.changes)

    def refuse_unapproved(self, changes: Iterable[Change]) -> None:
        """Raise PlanOutdated where a change goes beyond what this plan holds."""
        new = [change for change in changes if not self.covers(change)]
        if new:
            names = ", ".join(
                f"{c.verb} {c.resource.kind} {c.resource.name}" for c in new
            )
            raise PlanOutdated(f"This wasn't in the approved plan: {names}.")

    def refuse_others(self, others: Iterable[Risk]) -> None:
        """Raise PlanOutdated where somebody can assume a role who couldn't when it was
        approved to give permissions to the role.
        """
        known = {(one.key, one.sentence) for one in self.others}
        new = [one for one in others if (one.key, one.sentence) not in known]
        if new:
            said = " ".join(f"{one.key.name}: {one.sentence}" for one in new[:3])
            raise PlanOutdated(f"Trust policies changed after it was planned. {said}")


def by_topic(risks: Iterable[Risk]) -> tuple[Concern, ...]:
    """Put risks of a topic together, the most severe first."""
    found = list(risks)
    topics = {t: tuple(one for one in found if one.topic is t) for t in Topic}
    return tuple(Concern(*concern) for concern in topics.items() if concern[1])


def deletion(change: PlannedChange) -> Risk:
    return deletes(change.key, change.key.kind)


def deletes(key: Key, what: str) -> Risk:
    return Risk(key, Topic.DELETIONS, f"Deletes {what} {key.name}.")


def by_verb(changes: Iterable[PlannedChange | EntryChange]) -> dict[str, int]:
    verbs = Counter(change.verb for change in changes)
    return {verb: verbs[verb] for verb in VERBS}


def gone_and_come(change: Change) -> tuple[frozenset[str], frozenset[str]]:
    """Return the smallest parts that a change takes away, and those that it adds."""
    before = frozenset() if isinstance(change, Create) else change.before.atoms()
    after = frozenset() if isinstance(change, Delete) else change.after.atoms()
    return before - after, after - before


def digests(atoms: Iterable[str]) -> frozenset[str]:
    return frozenset(hashlib.sha256(atom.encode()).hexdigest()[:16] for atom in atoms)
