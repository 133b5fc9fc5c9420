"""Bytes into trees that keep what was written, scalars as Spinnaker reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from onboarding.bounded_yaml import DEEPEST, MOST_NODES, BadYaml, decoded, events
from onboarding.spinnaker.halconfig.parsing import Open, TreeBuilder
from onboarding.spinnaker.halconfig.tree import (
    DOUBLE,
    FALSE,
    PLAIN,
    TRUE,
    BadHalconfig,
    Listing,
    Node,
    Scalar,
    Table,
)

LONGEST_NUMBER = 100
OCTAL = re.compile(r"([-+]?)0(_*[0-7][0-7_]*)")
BASED = re.compile(r"([-+]?)0(x[0-9a-fA-F_]+|b[01_]+)")
DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
SIXTIES = re.compile(r"[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+")
REAL = re.compile(
    r"[-+]?([0-9][0-9_]*\.[0-9_]*([eE][-+]?[0-9]+)?"
    r"|\.[0-9][0-9_]*([eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+)"
)


def is_plain(scalar: Scalar) -> bool:
    return scalar.style == PLAIN and not scalar.tag


def value_of(scalar: Scalar) -> str | bool | int | float | None:
    """Return what the scalar means to Spinnaker's YAML reader."""
    text = scalar.text
    if scalar.is_null:
        return None
    if not is_plain(scalar) or len(text) > LONGEST_NUMBER:
        return text
    if text.lower() in TRUE | FALSE:
        return text.lower() in TRUE
    if found := OCTAL.fullmatch(text):
        return signed(found[1], int(found[2].replace("_", ""), 8))
    if found := BASED.fullmatch(text):
        digits = found[2][1:].replace("_", "")
        return signed(found[1], int(digits or "0", 16 if found[2][0] == "x" else 2))
    if DECIMAL.fullmatch(text):
        return int(text.replace("_", ""))
    if SIXTIES.fullmatch(text):
        return sixties(text)
    return float(text.replace("_", "")) if REAL.fullmatch(text) else text


def signed(sign: str, number: int) -> int:
    return -number if sign == "-" else number


def sixties(text: str) -> int:
    number = 0
    for part in text.lstrip("+-").replace("_", "").split(":"):
        number = number * 60 + int(part)
    return signed(text[:1], number)


def text_of(scalar: Scalar) -> str:
    """Return the text that Spinnaker has where it wants a text."""
    value = value_of(scalar)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def is_misread(scalar: Scalar) -> bool:
    """Return whether Spinnaker reads another text than the one that is written."""
    return not scalar.is_null and text_of(scalar) != scalar.text


MOST_DOCUMENTS = 100
"""In one file: manifests of an operator are often written together."""


@dataclass(eq=False, slots=True)
class Document:
    """One document of a file."""

    root: Node
    doubles: tuple[Scalar, ...] = ()
    """Keys that one mapping of it has twice."""
    aliases: int = 0
    """How many of lists and mappings it has."""


class Number(str):
    """A number of JSON as it is written, however long."""


def documents(content: bytes) -> tuple[Document, ...]:
    """Read a file within bounds; raise BadYaml, which never quotes a value."""
    text = decoded(content)
    if text.lstrip()[:1] in ("[", "{"):
        try:
            return (Document(json_tree(text)),)
        except (ValueError, RecursionError) as error:
            if isinstance(error, BadYaml):
                raise
    return tuple(yaml_documents(text))


def json_tree(text: str) -> Node:
    if sum(map(text.count, ",[{")) > MOST_NODES:
        raise BadYaml(f"This has more than {MOST_NODES:,} values.")
    value = json.loads(
        text, parse_int=Number, parse_float=Number, parse_constant=Number
    )
    return tree(value)


def tree(value: Any, depth: int = 0) -> Node:
    """Make a tree of JSON's values: texts in quotes, everything else plain."""
    if depth > DEEPEST:
        raise BadYaml(f"This nests deeper than {DEEPEST} levels.")
    match value:
        case dict():
            return Table(
                {
                    key: (Scalar(key), tree(inner, depth + 1))
                    for key, inner in value.items()
                }
            )
        case list():
            return Listing([tree(item, depth + 1) for item in value])
        case bool():
            return Scalar("true" if value else "false", style=PLAIN)
        case None:
            return Scalar("null", style=PLAIN)
        case Number():
            return Scalar(str(value), style=PLAIN)
    return Scalar(value, style=DOUBLE)


class Builder(TreeBuilder):
    """Builds the tree of one document, and notes keys that come twice."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        super().__init__(events)
        self.doubles: list[Scalar] = []
        self.aliases = 0

    def aliased(self, node: Node) -> Node:
        self.aliases += not isinstance(node, Scalar)
        return super().aliased(node)

    def put_value(self, top: Open, key: Scalar, node: Node) -> None:
        if isinstance(top.node, Table) and key.text in top.node.pairs:
            self.doubles.append(key)
        super().put_value(top, key, node)


def yaml_documents(text: str) -> Iterator[Document]:
    # Any number of aliases: what they expand to is bounded, as Clouddriver reads it.
    stream = events(text, documents=MOST_DOCUMENTS, aliases=MOST_NODES)
    for event in stream:
        if isinstance(event, yaml.DocumentStartEvent):
            builder = Builder(of_one_document(stream))
            try:
                root = builder.document()
            except BadHalconfig as error:
                raise BadYaml(str(error)) from None
            if root is not None:
                yield Document(root, tuple(builder.doubles), builder.aliases)


def of_one_document(stream: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    for event in stream:
        if isinstance(event, yaml.DocumentEndEvent):
            return
        yield event
