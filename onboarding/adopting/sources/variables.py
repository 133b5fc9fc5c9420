"""Variables in texts, replaced as Spring does: by what the files say, or by a default.

What the environment of Clouddriver says is not known here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from onboarding.names import one_line, short

START, END, OPENED, DEFAULT = "${", "}", "{", ":"
DEEPEST = 40
"""Of variables whose value is a variable."""
MOST = 200
"""Variables that are replaced for one text: values with two variables each double."""
LONGEST = 100_000
Lookup = Callable[[str], str | None]
"""The value of a property, by its name."""


class Filled(NamedTuple):
    """A text with the values of its variables."""

    text: str
    defaults: tuple[str, ...] = ()
    """Variables whose default was taken."""
    unknown: tuple[str, ...] = ()
    """Variables without a default, which stay in the text."""
    known: tuple[str, ...] = ()
    """Variables that the files have a value for."""
    circular: str = ""
    """A variable whose value leads to itself: Clouddriver doesn't start with it."""


def nothing(name: str) -> None:
    return None


def filled(text: str, lookup: Lookup = nothing) -> Filled:
    """Replace each variable by its value, or else by its default."""
    if START not in text:
        return Filled(text)
    filling = Filling(lookup)
    made = filling.fill(text, ())
    return Filled(
        made,
        tuple(filling.defaults),
        tuple(filling.unknown) if START in made else (),
        tuple(filling.known),
        filling.circular,
    )


class Filling:
    """Fills one text, and notes which variables it meets."""

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup
        self.defaults: list[str] = []
        self.unknown: list[str] = []
        self.known: list[str] = []
        self.circular = ""
        self.count = 0

    def fill(self, text: str, around: tuple[str, ...]) -> str:
        """Fill a text that is the value of the variables around it."""
        made, at = "", 0
        while (start := text.find(START, at)) >= 0:
            end = end_of(text, start + len(START))
            if end < 0:
                break
            made += text[at:start]
            inside = text[start + len(START) : end]
            value = self.value(inside, around)
            made += START + inside + END if value is None else value
            at = end + len(END)
        return made + text[at:]

    def value(self, inside: str, around: tuple[str, ...]) -> str | None:
        """Return what takes the place of a variable; None where it stays."""
        self.count += 1
        if inside in around:
            self.circular = self.circular or named(inside)
            return None
        if len(around) >= DEEPEST or self.count > MOST:
            self.unknown.append(named(inside))
            return None
        within = (*around, inside)
        name = self.fill(inside, within)
        found = self.lookup(name)
        if found is None and DEFAULT in name:
            name, _, default = name.partition(DEFAULT)
            found = self.lookup(name)
            if found is None:
                self.defaults.append(named(name))
                return self.bounded(self.fill(default, within))
        if found is None:
            if name:
                self.unknown.append(named(name))
            return None
        self.known.append(named(name))
        return self.bounded(self.fill(found, within))

    def bounded(self, value: str) -> str | None:
        return value if len(value) <= LONGEST else None


def named(name: str) -> str:
    return short(one_line(name))


def end_of(text: str, at: int) -> int:
    """Return where a variable ends: braces in it come in pairs; -1 for nowhere."""
    depth = 0
    for place in range(at, len(text)):
        if text[place] == END:
            if not depth:
                return place
            depth -= 1
        elif text[place] == OPENED:
            depth += 1
    return -1
