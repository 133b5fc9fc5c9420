"""YAML that no reader can misread: every text double-quoted, no alias, block style.

An id like 012345670123 is octal to YAML 1.1, `yes` is true and 12:30 is a number; only
quotes keep them as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring
from typing import TypeAlias

Scalar: TypeAlias = str | bool | int
SCALARS = (str, bool, int)
Value: TypeAlias = "Scalar | Sequence[Value] | Mapping[str, Value]"

PLAIN_KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]+")
BOOLEANS = {"yes", "no", "on", "off", "true", "false", "null"}
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
"""What JSON writes as it is and YAML folds, forbids or takes for a line's end."""


def scalar(value: Scalar) -> str:
    if isinstance(value, str):
        quoted = encode_basestring(value)
        return quoted if quoted.isascii() and "\x7f" not in quoted else escaped(quoted)
    return str(value).lower()


def escaped(quoted: str) -> str:
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


@lru_cache(maxsize=1024)
def key_text(key: str) -> str:
    plain = PLAIN_KEY.fullmatch(key) and key.lower() not in BOOLEANS
    return key if plain else scalar(key)


def block(value: Value, indent: int = 0) -> Iterator[str]:
    """Yield the lines of a mapping or a list, each without its line's end."""
    lines: list[str] = []
    put(value, indent, lines)
    return iter(lines)


def put(value: Value, indent: int, lines: list[str]) -> None:
    """Add the lines of a mapping or a list; a generator at each level would be slow."""
    pad = " " * indent
    if isinstance(value, Mapping):
        for key, item in value.items():
            head = f"{pad}{key_text(key)}:"
            if is_nested(item):
                lines.append(head)
                put(item, indent + 2, lines)
            else:
                lines.append(f"{head} {inline(item)}")
    else:
        assert not isinstance(value, SCALARS)
        for item in value:
            if is_nested(item):
                first = len(lines)
                put(item, indent + 2, lines)
                lines[first] = f"{pad}- {lines[first].lstrip()}"
            else:
                lines.append(f"{pad}- {inline(item)}")


def is_nested(value: Value) -> bool:
    return not isinstance(value, SCALARS) and bool(value)


def inline(value: Value) -> str:
    if isinstance(value, SCALARS):
        return scalar(value)
    return "{}" if isinstance(value, Mapping) else "[]"


def document(value: Value, *, comment: str = "") -> str:
    """Write one document, below a comment where there is something to say."""
    lines = (*comment_lines(comment), *block(value))
    return "\n".join(lines) + "\n"


def comment_lines(comment: str) -> Iterator[str]:
    for line in comment.strip().splitlines():
        yield f"# {line}".rstrip()
