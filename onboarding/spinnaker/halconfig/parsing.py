"""Text into a tree, within bounds of time and memory, or a sentence with the line.

The bounds come before the tree: PyYAML itself would expand an alias bomb, and crash on
a file that nests a million lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

import yaml

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
    short,
)

MOST_BYTES = 16 * 1024 * 1024
"""10,000 accounts take 4 MiB."""
MOST_NODES = 1_000_000
"""10,000 accounts take 450,000."""
MOST_ALIASES = 50
"""Aliases of lists and mappings that Halyard's YAML reader takes."""
DEEPEST = 50
TAGS = {"str", "int", "float", "bool", "null", "seq", "map"}
COMMENT = re.compile(r"(?:^|\s)#", re.MULTILINE)
COMMENTS = "Comments are not kept: hal itself drops them at its next change."
OCTAL = re.compile(r"0[0-7]+")
"""Digits that YAML 1.1 reads as an octal number."""
CORE = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Halconfig:
    """A config that Halyard reads, and what its owner should know about it."""

    root: Table
    notes: tuple[str, ...]


def read(content: bytes) -> Halconfig:
    """Read a halconfig; raise BadHalconfig, which never quotes a value."""
    text = decoded(content)
    reader = TreeBuilder(yaml.parse(text, Loader=yaml.CSafeLoader))
    root = read_root(reader)
    check(root)
    commented = (COMMENTS,) if COMMENT.search(text) else ()
    return Halconfig(root, (*commented, *reader.notes))


def read_root(reader: TreeBuilder) -> Table:
    try:
        root = reader.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(filter(None, (error.context, error.problem)))
        raise BadHalconfig(
            f"This is not YAML that hal can read: {problem}.",
            mark.line + 1 if mark else 0,
        ) from None
    if root is None or (isinstance(root, Table) and not root.pairs):
        raise BadHalconfig(
            "There is nothing in this file. `hal config provider aws enable` writes a "
            "first one: merge into that."
        )
    if not isinstance(root, Table):
        raise BadHalconfig(
            "This is no halconfig: that begins with keys like currentDeployment.",
            root.line,
        )
    return root


def decoded(content: bytes) -> str:
    """Return the text; refuse what is too large, not UTF-8 or not text."""
    if len(content) > MOST_BYTES:
        raise BadHalconfig(
            f"This is {len(content):,} bytes. A halconfig of 10,000 accounts has about "
            f"4 million; more than {MOST_BYTES:,} are not read."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadHalconfig("This is not UTF-8, which hal reads.", line) from None
    unprintable = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if unprintable:
        raise BadHalconfig(
            f"A character that YAML forbids stands here: "
            f"U+{ord(unprintable[0]):04X}. Is this a text file?",
            text.count("\n", 0, unprintable.start()) + 1,
        )
    return text


class Open:
    """A list or mapping whose end has not come yet."""

    def __init__(self, node: Listing | Table, anchor: str | None, count: int) -> None:
        self.node = node
        self.anchor = anchor
        self.before = count
        self.height = 1
        self.key: Scalar | None = None
        self.merged: list[Table] = []


class TreeBuilder:
    """Builds the tree event by event, and stops at the first bound it meets."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self.events = events
        self.stack: list[Open] = []
        self.anchors: dict[str, tuple[Node, int, int] | None] = {}
        """Each with its size and height; None before its end."""
        self.root: Node | None = None
        self.notes: list[str] = []
        self.documents = self.aliases = self.count = 0
        """Aliases of lists and mappings, and all nodes once aliases are expanded."""

    def document(self) -> Node | None:
        for event in self.events:
            match event:
                case yaml.ScalarEvent():
                    self.add(self.scalar(event), event)
                case yaml.MappingStartEvent():
                    self.open(Table({}, line(event)), event)
                case yaml.SequenceStartEvent():
                    self.open(Listing([], line(event)), event)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self.close(event)
                case yaml.AliasEvent():
                    self.alias(event)
                case yaml.DocumentStartEvent():
                    self.documents += 1
                    if self.documents > 1:
                        refuse("A second document begins: hal reads one only.", event)
        return self.root

    def scalar(self, event: yaml.ScalarEvent) -> Scalar:
        tag = tag_of(event)
        style = SINGLE if event.style == SINGLE else DOUBLE
        if not event.style and "\n" not in event.value and tag != "str":
            style = PLAIN
        return Scalar(event.value, line(event), style, "" if tag == "str" else tag)

    def open(self, node: Listing | Table, event: yaml.CollectionStartEvent) -> None:
        tag_of(event)
        self.check_depth(1, event)
        if event.anchor:
            self.anchors[event.anchor] = None
        self.stack.append(Open(node, event.anchor, self.count))

    def close(self, event: yaml.Event) -> None:
        closed = self.stack.pop()
        if isinstance(closed.node, Table) and closed.merged:
            merge_in(closed.node, closed.merged)
        size = self.count - closed.before + 1
        if closed.anchor:
            self.anchors[closed.anchor] = (closed.node, size, closed.height)
        self.put(closed.node, event, size=1, height=closed.height)

    def add(self, scalar: Scalar, event: yaml.ScalarEvent) -> None:
        if event.anchor:
            self.anchors[event.anchor] = (scalar, 1, 0)
        self.put(scalar, event, size=1, height=0)

    def alias(self, event: yaml.AliasEvent) -> None:
        name = event.anchor or ""
        if name not in self.anchors:
            refuse(f"The alias *{short(name)} names nothing above it.", event)
        known = self.anchors[name]
        if known is None:
            refuse(f"*{short(name)} holds itself.", event)
        node, size, height = known
        if not isinstance(node, Scalar):
            self.aliases += 1
            if self.aliases > MOST_ALIASES:
                refuse(
                    f"hal refuses a file with more than {MOST_ALIASES} aliases of "
                    "lists and mappings. Write them out.",
                    event,
                )
        self.put(node, event, size=size, height=height)

    def put(self, node: Node, event: yaml.Event, *, size: int, height: int) -> None:
        """Place a node where it belongs: in a list, as a key, or as a key's value."""
        self.count += size
        if self.count > MOST_NODES:
            refuse(f"Written out, this holds more than {MOST_NODES:,} values.", event)
        if not self.stack:
            self.root = node
            return
        self.check_depth(height, event)
        top = self.stack[-1]
        top.height = max(top.height, height + 1)
        if isinstance(top.node, Listing):
            top.node.items.append(node)
        elif top.key is None:
            if not isinstance(node, Scalar):
                refuse("hal has no use for a list or mapping as a key.", event)
            top.key = Scalar(node.text, node.line, node.style)
        else:
            self.put_value(top, top.key, node)
            top.key = None

    def check_depth(self, height: int, event: yaml.Event) -> None:
        if len(self.stack) + height > DEEPEST:
            refuse(f"This nests deeper than {DEEPEST} levels.", event)

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
                    f"Line {key.line}: “{short(key.text)}” stands twice in the same "
                    "mapping. hal reads the last one only, and so the merge did."
                )
            if is_misread_id(key, node):
                self.notes.append(
                    f"Line {node.line}: hal reads this account id as another number: "
                    "it begins with 0 and has no quotes. The merged file has them."
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


def tag_of(event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> str:
    """Return the short name of a tag that is written; refuse those hal cannot read."""
    tag: str | None = event.tag
    if tag in (None, "!"):
        return "str" if tag else ""
    name = tag.removeprefix(CORE)
    if name not in TAGS:
        refuse(f"hal has no use for the tag “{short(tag)}”.", event)
    return name


def line(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark else 0


def refuse(message: str, event: yaml.Event) -> NoReturn:
    raise BadHalconfig(message, line(event))
