"""What a person reads at once of a plan: a change with its document, or a role with
what is attached to it. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from accounts.web.runs.review.diff import Diff, compare, short_name, spelled
from onboarding.resources.entry_changes import EntryChange
from onboarding.resources.kinds import (
    Attachment,
    InlinePolicy,
    InstanceProfile,
    Key,
    ManagedPolicy,
    OidcProvider,
    Role,
    ServiceLinkedRole,
)
from onboarding.resources.plan import PlannedChange
from onboarding.resources.risks import Risk, Topic

LINES = (
    Attachment.kind,
    InstanceProfile.kind,
    ServiceLinkedRole.kind,
    OidcProvider.kind,
)
"""Kinds that a line says all of."""

Risky = Mapping[Key, tuple[Risk, ...]]

DELETIONS_THERE = "Deletions in Spinnaker"

TONES: Mapping[str, str] = {
    Topic.EVERYONE: "bad",
    Topic.OTHERS: "bad",
    Topic.LOST: "bad",
    Topic.SHUT_OUT: "bad",
    Topic.DELETIONS: "bad",
    DELETIONS_THERE: "bad",
    Topic.GAINED: "warn",
}
"""The colours of what is severe; by topic, as it is written."""

CLOSELY = "Read closely"
"""Marks what is risky in a way of no topic."""


class Mark(NamedTuple):
    """What nobody must miss of a change while it is folded."""

    says: str
    tone: str


@dataclass(frozen=True, slots=True)
class Line:
    """A change without a document: an attachment, a profile, a role of a service."""

    key: Key
    anchor: str
    verb: str
    name: str
    details: tuple[str, ...]
    risks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A change with its document, and the lines that belong to it."""

    key: Key
    anchor: str
    verb: str
    """Empty where only its lines change."""
    kind: str
    digest: str
    """Of all that it shows: who viewed it has viewed exactly this."""
    reason: str = ""
    diff: Diff | None = None
    lines: tuple[Line, ...] = ()
    risks: tuple[str, ...] = ()
    opens: bool = True
    note: str = ""
    """Why there is no diff."""
    topics: frozenset[str] = frozenset()
    """What its risks, and those of its lines, are about."""

    @property
    def short(self) -> str:
        return short_name(self.key)

    @property
    def is_risky(self) -> bool:
        return bool(self.risks or any(line.risks for line in self.lines))

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Name what it is about, the most severe first."""
        evident = {Topic.DELETIONS} if self.verb == "delete" else set()
        named = [topic for topic in Topic if topic in self.topics - evident]
        if not named and self.is_risky:
            return (Mark(CLOSELY, "warn"),)
        return tuple(Mark(topic.value, TONES.get(topic, "warn")) for topic in named)

    @property
    def says(self) -> str:
        """Say in a line what it is for, or which lines with another name it has."""
        names = (line.name for line in self.lines if line.name != self.short)
        return self.reason or ", ".join(names)


def document_of(change: PlannedChange) -> dict[str, Any]:
    return change.after or change.before or {}


def holder_of(change: PlannedChange) -> str:
    """Name the role that a change is a part of; empty where it names none."""
    match change.key.kind:
        case Role.kind:
            return change.key.name
        case InstanceProfile.kind:
            return str(document_of(change).get("role") or change.key.name)
        case Attachment.kind | InlinePolicy.kind:
            return change.key.name.partition("/")[0]
        case _:
            return ""


def cards_of(
    title: str, changes: list[PlannedChange], risky: Risky, numbers: Iterator[int]
) -> Iterator[Card]:
    """Yield the role first, and then what has a document. An attachment is a line of
    its policy where that changes, too; other lines are the role's.
    """
    whole = [change for change in changes if change.key.kind not in LINES]
    role = next((one.key for one in whole if one.key.kind == Role.kind), None)
    policies = {
        path_of(one): one.key for one in whole if one.key.kind == ManagedPolicy.kind
    }
    under: dict[Key | None, list[PlannedChange]] = {}
    for change in changes:
        if change.key.kind in LINES:
            policy = policies.get(attached_path(change), role)
            under.setdefault(policy, []).append(change)
    if role is None and (lines := under.get(None)):
        yield lines_card(title, lines, risky, next(numbers))
    for change in sorted(whole, key=lambda one: one.key != role):
        own = under.get(change.key, [])
        yield change_card(change, own, risky, next(numbers))


def path_of(policy: PlannedChange) -> str:
    """Return what the policy's ARN ends with."""
    return f"{document_of(policy).get('path', '/')}{policy.key.name}"


def attached_path(change: PlannedChange) -> str:
    """Return what the ARN of the policy that is attached ends with; empty: none is."""
    return str(document_of(change).get("policy_arn", "")).partition(":policy")[2]


def lines_card(
    title: str, changes: list[PlannedChange], risky: Risky, number: int
) -> Card:
    """Show what changes of a role that stays as it is, or of no role."""
    kind = Role.kind if holder_of(changes[0]) else ""
    return Card(
        key=Key(changes[0].key.account, kind, title),
        anchor=f"c{number}",
        verb="",
        kind=kind,
        lines=tuple(lines_of(changes, risky, f"c{number}")),
        digest=digest(*map(whole_of, changes)),
        topics=topics(changes, risky),
    )


def change_card(
    change: PlannedChange, lines: list[PlannedChange], risky: Risky, number: int
) -> Card:
    return Card(
        key=change.key,
        anchor=f"c{number}",
        verb=change.verb,
        kind=change.key.kind,
        reason=change.reason,
        diff=compare(change.before, change.after),
        lines=tuple(lines_of(lines, risky, f"c{number}")),
        risks=sentences(change.key, risky),
        opens=change.after is not None,
        digest=digest(*map(whole_of, (change, *lines))),
        topics=topics((change, *lines), risky),
    )


def entry_card(entry: EntryChange, risky: Risky, number: int) -> Card:
    return Card(
        key=entry.key,
        anchor=f"c{number}",
        verb=entry.verb,
        kind=f"{entry.provider} account",
        reason=changed(entry) if entry.verb == "update" else "",
        diff=compare(entry.before, entry.after),
        risks=sentences(entry.key, risky),
        opens=entry.after is not None,
        digest=digest((*entry.key, entry.before, entry.after)),
        topics=topics([entry], risky),
    )


def sentences(key: Key, risky: Risky) -> tuple[str, ...]:
    return tuple(risk.sentence for risk in risky.get(key, ()))


def topics(
    changes: Iterable[PlannedChange | EntryChange], risky: Risky
) -> frozenset[str]:
    return frozenset(
        topic
        for one in changes
        for topic in (
            *(risk.topic for risk in risky.get(one.key, ())),
            *([Topic.DELETIONS] if one.verb == "delete" else []),
        )
    )


def changed(entry: EntryChange) -> str:
    before, after = entry.before, entry.after or {}
    if before is None:
        return f"New Spinnaker account of type {entry.provider}."
    fields = dict.fromkeys((*before, *after))
    differ = [field for field in fields if before.get(field) != after.get(field)]
    return f"Changes {', '.join(differ).replace('_', ' ')}."


def lines_of(
    changes: Iterable[PlannedChange], risky: Risky, anchor: str
) -> Iterator[Line]:
    for number, change in enumerate(changes, 1):
        is_attached = change.key.kind == Attachment.kind
        yield Line(
            key=change.key,
            anchor=f"{anchor}-{number}",
            verb=change.verb,
            name=change.key.name.partition("/")[2] if is_attached else change.key.name,
            details=tuple(details(change)),
            risks=sentences(change.key, risky),
        )


def details(change: PlannedChange) -> Iterator[str]:
    """Say each field of a change that has no document, before and after."""
    before, after = change.before or {}, change.after or {}
    for field in dict.fromkeys((*before, *after)):
        if field == "name":
            continue
        said = "" if field == "policy_arn" else f"{field.replace('_', ' ')}: "
        was, now = (spelled(one.get(field)) for one in (before, after))
        if change.verb == "update" and was != now:
            yield f"{said}{was or 'none'} → {now or 'none'}"
        elif value := now or was:
            yield f"{said}{value}"


def whole_of(change: PlannedChange) -> tuple[Any, ...]:
    atoms = sorted(change.removed | change.added)
    return (*change.key, change.verb, change.before, change.after, atoms)


def digest(*parts: Any) -> str:
    said = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]
