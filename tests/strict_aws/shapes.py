"""What a call may hold by AWS's own model of it.

botocore reads the models, and checks of a value no more than its type and its smallest
size: neither its pattern, nor its largest size, nor whether it is one of an enum.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

PROPERTY = re.compile(r"\\p\{(\w+)\}")
BEYOND = r"\uD800\uDC00-\uDBFF\uDFFF"
"""What Java, whose patterns these are, writes for all beyond U+FFFF."""


def broken(shape: Any, value: Any, where: str) -> Iterator[str]:
    """Say what of a value is not as its shape has it."""
    match shape.type_name:
        case "structure":
            for name in shape.required_members:
                if name not in value:
                    yield f"{where}.{name} is missing"
            for name, one in value.items():
                if name in shape.members:
                    yield from broken(shape.members[name], one, f"{where}.{name}")
                else:
                    yield f"{where}.{name} is unknown"
        case "list":
            yield from sized(shape, len(value), where)
            for number, one in enumerate(value):
                yield from broken(shape.member, one, f"{where}[{number}]")
        case "map":
            yield from sized(shape, len(value), where)
            for name, one in value.items():
                yield from broken(shape.key, name, f"{where} key {name}")
                yield from broken(shape.value, one, f"{where}.{name}")
        case "string":
            yield from sized(shape, len(value), where)
            yield from worded(shape, value, where)
        case "blob" if not hasattr(value, "read"):
            yield from sized(shape, len(value), where)
        case "integer" | "long" | "float" | "double":
            yield from sized(shape, value, where)


def sized(shape: Any, size: float, where: str) -> Iterator[str]:
    least = shape.metadata.get("min", -sys.maxsize)
    most = shape.metadata.get("max", sys.maxsize)
    if not least <= size <= most:
        yield f"{where} is {size}, not {least} to {most}"


def worded(shape: Any, value: str, where: str) -> Iterator[str]:
    pattern, enum = shape.metadata.get("pattern"), shape.enum
    if pattern and not in_python(pattern).fullmatch(value):
        yield f"{where} is {value!r}, not {pattern}"
    if enum and value not in enum:
        yield f"{where} is {value!r}, not one of {', '.join(enum)}"


@cache
def in_python(pattern: str) -> re.Pattern[str]:
    """Write a pattern of Java as Python has it."""
    text = pattern.replace(BEYOND, r"\U00010000-\U0010FFFF")
    text = text.replace(r"\p{Print}", r"[ -~]")
    return re.compile(PROPERTY.sub(lambda found: members(found[1]), text), re.ASCII)


@cache
def members(category: str) -> str:
    """List what is in a category of Unicode, as it is written between brackets."""
    return "".join(
        re.escape(chr(code))
        for code in range(0x10000)
        if unicodedata.category(chr(code)).startswith(category)
    )
