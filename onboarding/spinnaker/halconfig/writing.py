"""A tree into text, as hal writes it: block style, lists under their key, no aliases.

Shared parts are written out each time. Account IDs are always quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from onboarding.spinnaker.halconfig.tree import (
    DOUBLE,
    PLAIN,
    SINGLE,
    Listing,
    Node,
    Scalar,
    Table,
)
from onboarding.spinnaker.yaml_text import scalar as quoted

IDS = {"accountId"}
SECRET = re.compile(
    r"pass|secret|token|credential|private|access.?key|api.?key|licen[cs]e|webhook"
    r"|kubeconfigContents|connection|jwt",
    re.IGNORECASE,
)
"""Keys whose values nobody but the file's owner is to see."""
MASK = "••••••"
PRINTABLE = re.compile(r"[ -~]*")


def text(node: Node, *, masked: bool = False) -> str:
    """Write the tree; `masked` puts dots for what may be a secret."""
    return "\n".join(yaml_lines(node, "", masked=masked)) + "\n"


def yaml_lines(node: Node, pad: str, *, masked: bool) -> Iterator[str]:
    """Yield the lines of a mapping or list, both of which must not be empty."""
    if isinstance(node, Table):
        for name, (key, value) in node.pairs.items():
            head = f"{pad}{written_scalar(key)}:"
            if masked and SECRET.search(name) and not is_empty(value):
                yield f"{head} {MASK}"
            elif is_nested(value):
                yield head
                inner = pad if isinstance(value, Listing) else f"{pad}  "
                yield from yaml_lines(value, inner, masked=masked)
            else:
                yield f"{head} {inline(value, name)}".rstrip(" ")
    else:
        assert isinstance(node, Listing)
        for item in node.items:
            if is_nested(item):
                first, *rest = yaml_lines(item, f"{pad}  ", masked=masked)
                yield f"{pad}- {first.lstrip(' ')}"
                yield from rest
            else:
                yield f"{pad}- {inline(item)}"


def is_nested(node: Node) -> bool:
    return not isinstance(node, Scalar) and not is_empty(node)


def is_empty(node: Node) -> bool:
    if isinstance(node, Scalar):
        return node.is_null or not node.text
    return not (node.items if isinstance(node, Listing) else node.pairs)


def inline(node: Node, name: str = "") -> str:
    if isinstance(node, Scalar):
        return written_scalar(node, is_id=name in IDS)
    return "[]" if isinstance(node, Listing) else "{}"


def written_scalar(scalar: Scalar, *, is_id: bool = False) -> str:
    """Write a scalar as it was, but ids in quotes: hal reads some as octal."""
    if is_id and not scalar.is_null:
        return scalar_text(
            scalar.text, DOUBLE if scalar.style == PLAIN else scalar.style
        )
    said = scalar_text(scalar.text, scalar.style)
    return f"!!{scalar.tag} {said}" if scalar.tag else said


def scalar_text(text: str, style: str) -> str:
    if style == PLAIN:
        return text
    if style == SINGLE and PRINTABLE.fullmatch(text):
        return "'" + text.replace("'", "''") + "'"
    return quoted(text)
