"""Spring's way of reading: relaxed keys, files over files, variables with a default.

A map is merged with the map of a file below it; a list replaces that file's list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from onboarding.adopting.values import PROVIDERS, Finding
from onboarding.carried.fields import canonical
from onboarding.names import one_line, short
from onboarding.spinnaker.halconfig.tree import Listing, Node, Scalar, Table

PLACEHOLDER = re.compile(r"\$\{([^${}:]{1,200})(?::([^${}]*))?\}")
MOST_ROUNDS = 20
"""Of variables whose default is a variable."""
ACCOUNTS = "accounts"
UNSET = "\0"


class Filled(NamedTuple):
    """A text with the defaults of its variables."""

    text: str
    defaults: tuple[str, ...] = ()
    """Variables whose default was taken."""
    unknown: tuple[str, ...] = ()
    """Variables without a default, which stay in the text."""


def filled(text: str) -> Filled:
    """Replace each variable by its default, the innermost first."""
    if "${" not in text:
        return Filled(text)
    defaults: list[str] = []
    unknown: list[str] = []

    def default(found: re.Match[str]) -> str:
        name = short(one_line(found[1]))
        if found[2] is None:
            unknown.append(name)
            return UNSET + found[1] + UNSET
        defaults.append(name)
        return found[2]

    for _ in range(MOST_ROUNDS):
        text, count = PLACEHOLDER.subn(default, text)
        if not count:
            break
    text = re.sub(f"{UNSET}(.*?){UNSET}", r"${\1}", text)
    return Filled(text, tuple(defaults), tuple(unknown))


@dataclass(frozen=True, slots=True)
class Layer:
    """A file, or a part of one, that Spring reads over those before it."""

    path: str
    root: Table


@dataclass(frozen=True, slots=True)
class Overlaid:
    """What all layers say together."""

    sections: Mapping[str, Table]
    """By provider, its settings with canonical keys."""
    places: Mapping[str, str]
    """By provider, the file whose list of accounts counts."""
    others: Mapping[str, int]
    findings: tuple[Finding, ...]


class Overlay:
    """Reads layers, the lowest first."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.sections: dict[str, Table] = {}
        self.places: dict[str, str] = {}
        self.others: dict[str, int] = {}

    def read(self, layers: Sequence[Layer], known: frozenset[str]) -> Overlaid:
        """Return the sections of the known providers, and count the accounts of others
        that have some.
        """
        for layer in layers:
            for key, (_, section) in self.nested(layer, layer.root).pairs.items():
                if not isinstance(section, Table):
                    continue
                if key in known:
                    self.add(layer, key, self.nested(layer, section))
                elif count := len(section.tables(ACCOUNTS)):
                    self.others[key] = count
        return Overlaid(self.sections, self.places, self.others, tuple(self.findings))

    def add(self, layer: Layer, provider: str, section: Table) -> None:
        below = self.sections.get(provider, Table({}))
        if ACCOUNTS in section.pairs:
            self.replace_accounts(layer, provider, below, section)
        self.sections[provider] = self.over(layer, below, section)

    def replace_accounts(
        self, layer: Layer, provider: str, below: Table, section: Table
    ) -> None:
        accounts = section.get(ACCOUNTS)
        if accounts is not None and not isinstance(accounts, Listing):
            self.findings.append(
                Finding(
                    "accounts-unreadable",
                    f"{layer.path}: {provider}.accounts is no list. Spinnaker ignores "
                    "it, and so does this report.",
                )
            )
        here = set(account_names(section))
        hidden = [name for name in account_names(below) if name not in here]
        if hidden:
            self.findings.append(
                Finding(
                    "hidden-list",
                    f"{layer.path} has a list {provider}.accounts. A list replaces a "
                    "list, so Spinnaker doesn't see the list of "
                    f"{self.places[provider]}. Accounts that are hidden so: "
                    f"{len(hidden)}.",
                    tuple(sorted(hidden)),
                )
            )
        self.places[provider] = layer.path

    def over(self, layer: Layer, below: Table, above: Table) -> Table:
        """Merge maps, and let everything else replace what is below it."""
        pairs = dict(below.pairs)
        for name, (key, node) in above.pairs.items():
            under = pairs.get(name, (key, None))[1]
            if isinstance(node, Table) and name != ACCOUNTS:
                merged = under if isinstance(under, Table) else Table({})
                node = self.over(layer, merged, self.nested(layer, node))
            pairs[name] = (key, node)
        return Table(pairs, above.line)

    def nested(self, layer: Layer, table: Table) -> Table:
        """Return a map by canonical keys, `features.lambda` as a map in a map."""
        pairs: dict[str, tuple[Scalar, Node]] = {}
        for key, node in table.pairs.values():
            first, dot, rest = key.text.partition(".")
            if "[" in key.text:
                self.note_indexed(layer, key)
                continue
            if dot:
                node = Table({rest: (Scalar(rest, key.line), node)}, key.line)
            name = canonical(first)
            before = pairs.get(name)
            if before and isinstance(before[1], Table) and isinstance(node, Table):
                node = Table({**before[1].pairs, **node.pairs}, node.line)
            elif before:
                self.note_twice(layer, before[0], key)
            pairs[name] = (key, node)
        return Table(pairs, table.line)

    def note_indexed(self, layer: Layer, key: Scalar) -> None:
        self.findings.append(
            Finding(
                "key-not-read",
                f"{layer.path}, line {key.line}: “{short(one_line(key.text))}” isn't "
                "read: write the list as a list.",
            )
        )

    def note_twice(self, layer: Layer, one: Scalar, other: Scalar) -> None:
        first, second = (short(one_line(key.text)) for key in (one, other))
        self.findings.append(
            Finding(
                "two-spellings",
                f"{layer.path}, line {other.line}: “{first}” and “{second}” are one "
                "key for Spinnaker. The second one counts.",
            )
        )


def account_names(section: Table) -> Iterator[str]:
    """Yield the names of a section's accounts, as they are written."""
    for account in section.tables(ACCOUNTS):
        for key, node in account.pairs.values():
            if canonical(key.text) == "name" and isinstance(node, Scalar):
                yield filled(node.text).text


def overlaid(layers: Sequence[Layer]) -> Overlaid:
    return Overlay().read(layers, frozenset(PROVIDERS))
