"""A halconfig as a tree: each scalar as it was written, each node with its line.

Nothing is interpreted, so that an account id stays the text that it is: YAML 1.1 makes
an octal number of 012345670123.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

PLAIN, SINGLE, DOUBLE = "", "'", '"'
NULLS = {"", "~", "null", "Null", "NULL"}


class BadHalconfig(ValueError):
    """What hal would refuse, in a sentence that begins with the line."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(f"Line {line}: {message}" if line else message)
        self.line = line


@dataclass(slots=True)
class Scalar:
    text: str
    line: int = 0
    style: str = DOUBLE
    """PLAIN where YAML decides what it means; it is text otherwise."""
    tag: str = ""
    """`int` for `!!int`; empty where none is written."""

    @property
    def is_null(self) -> bool:
        return self.style == PLAIN and not self.tag and self.text in NULLS


@dataclass(slots=True)
class Listing:
    items: list[Node]
    line: int = 0


@dataclass(slots=True)
class Table:
    """A mapping: each key's text with the key as written, and the value."""

    pairs: dict[str, tuple[Scalar, Node]]
    line: int = 0

    def get(self, key: str) -> Node | None:
        """Return the value; None where the key is missing or says null."""
        _, value = self.pairs.get(key, (None, None))
        return None if isinstance(value, Scalar) and value.is_null else value

    def text(self, key: str) -> str:
        value = self.get(key)
        return value.text if isinstance(value, Scalar) else ""

    def table(self, key: str) -> Table | None:
        value = self.get(key)
        return value if isinstance(value, Table) else None

    def items(self, key: str) -> list[Node]:
        value = self.get(key)
        return value.items if isinstance(value, Listing) else []

    def tables(self, key: str) -> list[Table]:
        return [item for item in self.items(key) if isinstance(item, Table)]

    def setting(self, key: str, value: Node) -> Table:
        """Return a copy with the value, in the key's place or at the end."""
        written, _ = self.pairs.get(key, (Scalar(key, style=PLAIN), None))
        return Table({**self.pairs, key: (written, value)}, self.line)

    def without(self, key: str) -> Table:
        kept = {name: pair for name, pair in self.pairs.items() if name != key}
        return Table(kept, self.line)


Node: TypeAlias = Scalar | Listing | Table


def node(value: Any) -> Node:
    """Make a tree of JSON's values, every text in quotes."""
    if isinstance(value, Mapping):
        pairs = {key: (Scalar(key, style=PLAIN), node(v)) for key, v in value.items()}
        return Table(pairs)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return Listing([node(item) for item in value])
    if isinstance(value, bool):
        return Scalar("true" if value else "false", style=PLAIN)
    return Scalar(str(value))


def meaning(of: Node | None) -> Any:
    """Return what can be compared: texts, lists and mappings, without what is empty.

    hal takes a missing key, null, false and an empty list or mapping for the same.
    """
    if of is None:
        return ""
    if isinstance(of, Scalar):
        empty = of.is_null or (of.style == PLAIN and of.text.lower() in FALSE)
        return "" if empty else TRUE_TEXT if is_true(of) else of.text
    if isinstance(of, Listing):
        return [meaning(item) for item in of.items] or ""
    values = {key: meaning(value) for key, (_, value) in of.pairs.items()}
    return {key: value for key, value in values.items() if value != ""} or ""


TRUE = {"true", "yes", "on"}
FALSE = {"false", "no", "off"}
TRUE_TEXT = "true"


def is_true(of: Node | None) -> bool:
    return isinstance(of, Scalar) and of.style == PLAIN and of.text.lower() in TRUE


def is_on(table: Table, name: str) -> bool:
    switch = table.table(name)
    return switch is not None and is_true(switch.get("enabled"))
