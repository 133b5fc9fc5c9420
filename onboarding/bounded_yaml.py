"""YAML that others wrote, read within bounds of time and memory, or a sentence with the
line. The bounds come before any tree: PyYAML itself would expand an alias bomb, and
crash on a file that nests a million lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

import yaml

from onboarding.names import short

MOST_BYTES = 16 * 1024 * 1024
"""10,000 accounts take 4 MiB."""
MOST_NODES = 1_000_000
"""10,000 accounts take 450,000."""
MOST_ALIASES = 50
"""Aliases of lists and mappings that Halyard's YAML reader takes. Clouddriver's takes
any number: what Clouddriver reads is bounded by the values that they expand to.
"""
DEEPEST = 50
NOT_UTF_8 = "The file isn't UTF-8."
CORE = "tag:yaml.org,2002:"
TAGS = {"str", "int", "float", "bool", "null", "seq", "map"}


class BadYaml(ValueError):
    """What is wrong, in a sentence that quotes no value; line 0: the whole file."""

    def __init__(self, sentence: str, line: int = 0) -> None:
        super().__init__(f"Line {line}: {sentence}" if line else sentence)
        self.sentence = sentence
        self.line = line


def decoded(content: bytes) -> str:
    """Return the text; raise BadYaml for what is too large, not UTF-8 or not text."""
    if len(content) > MOST_BYTES:
        raise BadYaml(
            f"This is {len(content):,} bytes. A file of 10,000 accounts has about 4 "
            f"million; more than {MOST_BYTES:,} aren't read."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadYaml(NOT_UTF_8, line) from None
    unprintable = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if unprintable:
        raise BadYaml(
            f"The character U+{ord(unprintable[0]):04X} isn't allowed here. Is this a "
            "text file?",
            text.count("\n", 0, unprintable.start()) + 1,
        )
    return text


def composed(text: str) -> yaml.Node | None:
    """Return the document's nodes; None where there is none, or raise BadYaml."""
    for _ in events(text):
        pass  # within the bounds, so that PyYAML's own composer may have it
    try:
        return yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        raise not_yaml(error) from None


def events(
    text: str, *, documents: int = 1, aliases: int = MOST_ALIASES
) -> Iterator[yaml.Event]:
    """Yield the parser's events up to the first bound; raise BadYaml there."""
    bounds = Bounds(documents, aliases)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            bounds.check(event)
            yield event
    except yaml.MarkedYAMLError as error:
        raise not_yaml(error) from None


def not_yaml(error: yaml.MarkedYAMLError) -> BadYaml:
    mark = error.problem_mark or error.context_mark
    problem = " ".join(filter(None, (error.context, error.problem)))
    return BadYaml(f"Invalid YAML: {problem}.", mark.line + 1 if mark else 0)


@dataclass(slots=True)
class Open:
    """A list or mapping whose end has not come yet."""

    anchor: str | None
    is_mapping: bool
    before: int
    """How many values came before it."""
    height: int = 1
    wants_key: bool = True


class Bounds:
    """Counts as if aliases were written out, and refuses at the first bound."""

    def __init__(self, most_documents: int, most_aliases: int) -> None:
        self.most_documents = most_documents
        self.most_aliases = most_aliases
        self.stack: list[Open] = []
        self.anchors: dict[str, tuple[int, int] | None] = {}
        """Each with its size and height, 0 for a scalar's; None before its end."""
        self.documents = self.aliases = self.count = 0

    def check(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                refuse_tag(event)
                if event.anchor:
                    self.anchors[event.anchor] = (1, 0)
                self.put(event, size=1, height=0)
            case yaml.CollectionStartEvent():
                self.open(event)
            case yaml.CollectionEndEvent():
                self.close(event)
            case yaml.AliasEvent():
                self.alias(event)
            case yaml.DocumentStartEvent():
                self.documents += 1
                self.anchors = {}
                if self.documents > self.most_documents:
                    refuse(self.too_many_documents, event)

    @property
    def too_many_documents(self) -> str:
        if self.most_documents == 1:
            return "The file has a second document. Only one is supported."
        return f"More than {self.most_documents} documents aren't supported."

    def open(self, event: yaml.CollectionStartEvent) -> None:
        refuse_tag(event)
        self.check_depth(1, event)
        self.refuse_key(event)
        if event.anchor:
            self.anchors[event.anchor] = None
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        self.stack.append(Open(event.anchor, is_mapping, self.count))

    def close(self, event: yaml.Event) -> None:
        closed = self.stack.pop()
        if closed.anchor:
            size = self.count - closed.before + 1
            self.anchors[closed.anchor] = (size, closed.height)
        self.put(event, size=1, height=closed.height)

    def alias(self, event: yaml.AliasEvent) -> None:
        name = event.anchor or ""
        if name not in self.anchors:
            refuse(f"The alias *{short(name)} names nothing above it.", event)
        known = self.anchors[name]
        if known is None:
            refuse(f"*{short(name)} contains itself.", event)
        size, height = known
        if height:
            self.refuse_key(event)
            self.aliases += 1
            if self.aliases > self.most_aliases:
                refuse(
                    f"More than {self.most_aliases} aliases of lists and mappings "
                    "aren't supported, and hal doesn't read them either. Write the "
                    "values out.",
                    event,
                )
        self.put(event, size=size, height=height)

    def put(self, event: yaml.Event, *, size: int, height: int) -> None:
        self.count += size
        if self.count > MOST_NODES:
            refuse(
                (
                    f"With all aliases expanded, the file has more than {MOST_NODES:,} "
                    "values."
                ),
                event,
            )
        if self.stack:
            self.check_depth(height, event)
            top = self.stack[-1]
            top.height = max(top.height, height + 1)
            top.wants_key = not top.wants_key

    def check_depth(self, height: int, event: yaml.Event) -> None:
        if len(self.stack) + height > DEEPEST:
            refuse(f"This nests deeper than {DEEPEST} levels.", event)

    def refuse_key(self, event: yaml.Event) -> None:
        """Refuse a list or mapping where a mapping's key is expected."""
        if self.stack and self.stack[-1].is_mapping and self.stack[-1].wants_key:
            refuse("A list or mapping can't be a key.", event)


def refuse_tag(event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
    tag: str | None = event.tag
    if tag not in (None, "!") and tag.removeprefix(CORE) not in TAGS:
        refuse(f"The tag “{short(tag)}” isn't supported.", event)


def line_of(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark else 0


def refuse(sentence: str, event: yaml.Event) -> NoReturn:
    raise BadYaml(sentence, line_of(event))
