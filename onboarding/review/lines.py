"""What a role may do, line by line: what is risky in it, filtered and folded.

A line is one action of one capability. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from onboarding.grants import Access
from onboarding.resources.risks import SECRETS, changed_by
from onboarding.review.permissions import AllowedAction, Topic
from onboarding.review.power_user import is_power_users


class Line(NamedTuple):
    """One action that is allowed, with what it is for."""

    number: int
    topic: str
    capability: str
    access: str
    allowed: AllowedAction

    @property
    def action(self) -> str:
        return self.allowed.action

    @property
    def changes(self) -> bool:
        return self.access != Access.READ

    @property
    def is_on_everything(self) -> bool:
        return self.allowed.resources == ("*",)

    @property
    def shows(self) -> str:
        """Say in what it shows people keep secrets; empty: in nothing known."""
        return SECRETS.get(self.action, "")

    @property
    def services(self) -> tuple[str, ...]:
        """Name the services to which a role may be passed; empty: no role, or any."""
        limits = self.allowed.condition.get("StringEquals", {})
        named = limits.get("iam:PassedToService", ())
        listed = [named] if isinstance(named, str) else named
        return tuple(one.removesuffix(".amazonaws.com") for one in listed)

    @property
    def condition(self) -> str:
        """Write the condition in one line of JSON; empty: there is none."""
        condition = self.allowed.condition
        return json.dumps(condition, sort_keys=True) if condition else ""

    @property
    def where(self) -> str:
        """Say in a few characters on what it is allowed."""
        first, *others = (short(one) for one in self.allowed.resources)
        more = f" and {len(others)} more" if others else ""
        return f"{first}{more}"

    @property
    def text(self) -> str:
        words = (self.topic, self.capability, self.action, *self.allowed.resources)
        return " ".join((*words, self.allowed.evidence.reason)).casefold()


def short(resource: str) -> str:
    """Leave out of an ARN whose it is."""
    parts = resource.split(":", 5)
    return parts[-1] if len(parts) == 6 else resource


def permission_lines(topics: Iterable[Topic]) -> tuple[Line, ...]:
    every = (
        (topic.title, capability.title, capability.access, allowed)
        for topic in topics
        for capability in topic.capabilities
        for allowed in capability.allowed
    )
    return tuple(Line(number, *one) for number, one in enumerate(every, start=1))


class Choice(NamedTuple):
    """What a reviewer may want to see of all lines."""

    title: str
    holds: Callable[[Line], bool]


ONLY: Mapping[str, Choice] = {
    "": Choice("All", lambda line: True),
    "write": Choice("Write", lambda line: line.changes),
    "everything": Choice("On *", lambda line: line.is_on_everything),
    "beyond": Choice(
        "Not in PowerUserAccess", lambda line: not is_power_users(line.action)
    ),
    "pass": Choice("Pass roles", lambda line: line.access == Access.PASS_ROLE),
    "open": Choice("Write on *", lambda line: line.changes and line.is_on_everything),
    "secrets": Choice("Can read secrets", lambda line: bool(line.shows)),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """What a reviewer asks for: every word, and one choice."""

    text: str = ""
    only: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filter:
        only = query.get("only", "")
        return cls(query.get("text", "").strip(), only if only in ONLY else "")

    @property
    def as_query(self) -> dict[str, str]:
        asked = {"text": self.text, "only": self.only}
        return {name: value for name, value in asked.items() if value}

    def __bool__(self) -> bool:
        return bool(self.text or self.only)

    def of_all(self, every: Iterable[Line]) -> tuple[Line, ...]:
        words = self.text.casefold().split()
        holds = ONLY[self.only].holds
        return tuple(
            line
            for line in every
            if holds(line) and all(word in line.text for word in words)
        )


class Part(NamedTuple):
    """The lines of a fold that serve the same capability."""

    capability: str
    lines: tuple[Line, ...]


class Fold(NamedTuple):
    """What is allowed for one provider, of one kind of access."""

    number: int
    topic: str
    access: str
    parts: tuple[Part, ...]

    @property
    def total(self) -> int:
        return sum(len(part.lines) for part in self.parts)


def folded(some: Iterable[Line]) -> tuple[Fold, ...]:
    """Fold lines by what they are for and how they have access, in their order."""
    known = list(some)
    topics = list(dict.fromkeys(line.topic for line in known))
    order = [*Access]
    known.sort(
        key=lambda one: (topics.index(one.topic), order.index(Access(one.access)))
    )
    groups = groupby(known, lambda one: (one.topic, one.access))
    return tuple(
        Fold(number, topic, access, tuple(parts(of_fold)))
        for number, ((topic, access), of_fold) in enumerate(groups, start=1)
    )


def parts(some: Iterable[Line]) -> Iterator[Part]:
    for capability, of_part in groupby(some, lambda one: one.capability):
        yield Part(capability, tuple(of_part))


@dataclass(frozen=True, slots=True)
class Risks:
    """What a security reviewer wants to know of a role first."""

    passes: tuple[Line, ...]
    open: tuple[Line, ...]
    secrets: tuple[Line, ...]
    existing: tuple[str, ...]
    """What it changes of all that there is, whoever created it."""

    @classmethod
    def of(cls, every: Collection[Line]) -> Risks:
        passes, open_, secrets = (
            Filter(only=only).of_all(every) for only in ("pass", "open", "secrets")
        )
        existing = (
            one.words
            for line in every
            if not line.allowed.condition
            for one in changed_by([line.action], line.allowed.resources)
        )
        return cls(passes, open_, secrets, tuple(dict.fromkeys(existing)))

    @property
    def services(self) -> tuple[str, ...]:
        """Name the services to which roles can be passed."""
        return tuple(
            dict.fromkeys(one for line in self.passes for one in line.services)
        )

    @property
    def passes_to_any(self) -> bool:
        """Return whether a role can be passed to whatever service."""
        return any(not line.services for line in self.passes)

    @property
    def writes(self) -> int:
        return count_of(self.open)

    @property
    def conditional(self) -> int:
        """Count those of them that are allowed on a condition only."""
        return count_of(one for one in self.open if one.allowed.condition)

    @property
    def readable(self) -> int:
        return count_of(self.secrets)

    @property
    def shown(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(line.shows for line in self.secrets))


def count_of(some: Iterable[Line]) -> int:
    """Count different actions."""
    return len({line.action for line in some})
