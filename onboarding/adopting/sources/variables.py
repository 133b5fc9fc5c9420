"""Variables in texts, replaced as Spring does: by what the files say, or by a default.

What the environment of Clouddriver says is not known here. A variable in a variable, or
in its value, is not followed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from onboarding.names import one_line, short

START, END, OPENED, DEFAULT = "${", "}", "{", ":"
LONGEST = 100_000
"""All values in one text."""
LONGEST_NAME = 300
"""Of a property, with all that its key is in."""
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
    is_plain: bool = True
    """Whether each is `${NAME}` or `${NAME:default}`, with plain text for a value."""


def nothing(name: str) -> None:
    return None


def filled(text: str, lookup: Lookup = nothing) -> Filled:
    """Replace each variable by its value, or else by its default."""
    if START not in text:
        return Filled(text)
    parts: list[str] = []
    defaults: list[str] = []
    unknown: list[str] = []
    known: list[str] = []
    at = length = 0
    while (start := text.find(START, at)) >= 0:
        end = end_of(text, start + len(START))
        inside = text[start + len(START) : end if end >= 0 else None]
        name, is_default, default = inside.partition(DEFAULT)
        value = lookup(inside)
        if value is None and is_default:
            value = lookup(name)
        if value is not None:
            known.append(named(name))
        elif is_default:
            value = default
            defaults.append(named(name))
        else:
            value = START + inside + END
            unknown.append(named(name))
        length += len(value)
        is_name = 0 < len(name) <= LONGEST_NAME and START not in inside
        if end < 0 or not is_name or length > LONGEST:
            return Filled(text, unknown=(named(name),), is_plain=False)
        parts += text[at:start], value
        at = end + len(END)
    made = "".join((*parts, text[at:]))
    if made.count(START) != len(unknown):
        return Filled(text, unknown=(*known, *defaults), is_plain=False)
    return Filled(made, tuple(defaults), tuple(unknown), tuple(known))


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
