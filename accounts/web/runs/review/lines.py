"""Lines of a document, and what makes two of them alike. Pure."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from itertools import groupby
from typing import Any

OF_ACCOUNT = re.compile(r'\s+"arn:[^"]*:(\d{12}):[^"]*",?')
"""A line of a list that names something of an account by its ARN."""

WIDE = 76
"""A value without a counterpart is printed in one line of at most this many letters."""


def account_in(line: str) -> str:
    """Return the id of the account; empty where the line is no such ARN."""
    found = OF_ACCOUNT.fullmatch(line)
    return found[1] if found else ""


def without_account(line: str) -> str:
    """Return a line as it would be for any account."""
    return bare(line).replace(account_in(line), "", 1)


def bare(line: str) -> str:
    """Return a line without its comma, which depends on what follows it."""
    return line.removesuffix(",")


def likeness(old: Iterable[str], new: Iterable[str]) -> float:
    """Compare by lines; how many accounts a list names makes no difference."""
    matcher = difflib.SequenceMatcher(None, condensed(old), condensed(new), False)
    return matcher.ratio()


def condensed(lines: Iterable[str]) -> list[str]:
    return [shape for shape, _ in groupby(map(without_account, lines))]


def printed(value: Any, depth: int) -> list[str]:
    """Print a value as JSON, each line indented, without a comma after it."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return ["  " * depth + line for line in text.splitlines()]


def printed_short(value: Any, depth: int, *, spread: bool = False) -> list[str]:
    """Print it with as much in a line as fits, where nothing is compared with it.

    spread: an object has a line for each of its parts, however short it is.
    """
    line = "  " * depth + json.dumps(value, ensure_ascii=False)
    if len(line) <= WIDE and not spread:
        return [line]
    if not isinstance(value, dict):
        return printed(value, depth)
    lines = ["  " * depth + "{"]
    for position, (key, inner) in enumerate(value.items()):
        first, *rest = printed_short(inner, depth + 1)
        lines += [f"{'  ' * (depth + 1)}{json.dumps(key)}: {first.strip()}", *rest]
        lines[-1] += "," if position < len(value) - 1 else ""
    return [*lines, "  " * depth + "}"]
