"""Text into a tree that keeps what was written, or a sentence with the line.

The events come within the bounds of bounded_yaml.py, and so does the tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from onboarding.bounded_yaml import CORE, BadYaml, decoded, events, line_of
from onboarding.names import short
from onboarding.spinnaker.halconfig.schema import check
from onboarding.spinnaker.halconfig.tree import (
    DOUBLE,
    PLAIN,
    SINGLE,
    BadHalconfig,
    Listing,
    Node,
    Scalar,
    Table,
)

COMMENT = re.compile(r"(?:^|\s)#", re.MULTILINE)
COMMENTS = "Comments aren't kept: hal itself drops them at its next change."
OCTAL = re.compile(r"0[0-7]+")
"""Digits that YAML 1.1 reads as an octal number."""


@dataclass(frozen=True, slots=True)
class Halconfig:
    """A config that Halyard reads, and what its owner should know about it."""

    root: Table
    notes: tuple[str, ...]


def read_halconfig(content: bytes) -> Halconfig:
    """Read a halconfig; raise BadHalconfig, which never quotes a value."""
    try:
        text = decoded(content)
        reader = TreeBuilder(events(text))
        root = read_root(reader)
    except BadYaml as error:
        raise BadHalconfig(error.sentence, error.line) from None
    check(root)
    commented = (COMMENTS,) if COMMENT.search(text) else ()
    return Halconfig(root, (*commented, *reader.notes))


def read_root(reader: TreeBuilder) -> Table:
    root = reader.document()
    if root is None or (isinstance(root, Table) and not root.pairs):
        raise BadHalconfig(
            "There is nothing in this file. `hal config provider aws enable` writes a "
            "first one: merge into that."
        )
    if not isinstance(root, Table):
        raise BadHalconfig(
            (
                "This file isn't a Halyard config. A Halyard config has top-level keys "
                "such as currentDeployment."
            ),
            root.line,
        )
    return root


class Open:
    """A list or mapping whose end has not come yet."""

    def __init__(self, node: Listing | Table) -> None:
        self.node = node
        self.key: Scalar | None = None
        self.merged: list[Table] = []


class TreeBuilder:
    """Builds the tree event by event."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self.events = events
        self.stack: list[Open] = []
        self.anchors: dict[str, Node] = {}
        self.root: Node | None = None
        self.notes: list[str] = []

    def document(self) -> Node | None:
        for event in self.events:
            match event:
                case yaml.ScalarEvent():
                    self.put(self.anchored(scalar(event), event))
                case yaml.MappingStartEvent():
                    self.open(Table({}, line_of(event)), event)
                case yaml.SequenceStartEvent():
                    self.open(Listing([], line_of(event)), event)
                case yaml.CollectionEndEvent():
                    self.close()
                case yaml.AliasEvent():
                    self.put(self.aliased(self.anchors[event.anchor or ""]))
        return self.root

    def aliased(self, node: Node) -> Node:
        """Return what an alias refers to."""
        return node

    def anchored(self, node: Node, event: yaml.NodeEvent) -> Node:
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def open(self, node: Listing | Table, event: yaml.CollectionStartEvent) -> None:
        self.anchored(node, event)
        self.stack.append(Open(node))

    def close(self) -> None:
        closed = self.stack.pop()
        if isinstance(closed.node, Table) and closed.merged:
            merge_in(closed.node, closed.merged)
        self.put(closed.node)

    def put(self, node: Node) -> None:
        """Place a node where it belongs: in a list, as a key, or as a key's value."""
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        if isinstance(top.node, Listing):
            top.node.items.append(node)
        elif top.key is None:
            assert isinstance(node, Scalar)
            top.key = Scalar(node.text, node.line, node.style)
        else:
            self.put_value(top, top.key, node)
            top.key = None

    def put_value(self, top: Open, key: Scalar, node: Node) -> None:
        if key.text == "<<" and key.style == PLAIN:
            tables = node.items if isinstance(node, Listing) else [node]
            for table in tables:
                if not isinstance(table, Table):
                    raise BadHalconfig("“<<” can merge mappings only.", key.line)
                top.merged.append(table)
        else:
            assert isinstance(top.node, Table)
            if key.text in top.node.pairs:
                self.notes.append(
                    f"Line {key.line}: “{short(key.text)}” is twice in the same "
                    "mapping. hal reads the last one only, and so the merge did."
                )
            if is_misread_id(key, node):
                self.notes.append(
                    f"Line {node.line}: hal reads this account ID as another number, "
                    "because it starts with 0 and has no quotes. The merged file "
                    "quotes it."
                )
            top.node.pairs[key.text] = (key, node)


def is_misread_id(key: Scalar, node: Node) -> bool:
    if not isinstance(node, Scalar) or node.style != PLAIN:
        return False
    return key.text == "accountId" and bool(OCTAL.fullmatch(node.text))


def merge_in(table: Table, merged: list[Table]) -> None:
    for other in merged:
        for key, pair in other.pairs.items():
            table.pairs.setdefault(key, pair)


def scalar(event: yaml.ScalarEvent) -> Scalar:
    tag = tag_of(event)
    style = SINGLE if event.style == SINGLE else DOUBLE
    if not event.style and "\n" not in event.value and tag != "str":
        style = PLAIN
    return Scalar(event.value, line_of(event), style, "" if tag == "str" else tag)


def tag_of(event: yaml.ScalarEvent) -> str:
    """Return the short name of a tag that is written; empty where none is."""
    tag: str | None = event.tag
    return "str" if tag == "!" else (tag or "").removeprefix(CORE)
