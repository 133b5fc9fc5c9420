"""Compare what is known of a condition key with what a policy wants of it, as IAM does.

Each comparison answers True, False, or None where only AWS can tell. Pure.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from onboarding.resources.wildcards import arn_matches, matches

Context = Mapping[str, str | None]
"""What is known, by condition key in lower case; None: the request has no such key.
A key that ends with `/*` speaks of all keys that begin so and are not named.
"""
Comparison = Callable[[str, str], bool | None]
VARIABLE = re.compile(r"\$\{([^{}]*)\}")


class Beginning(str):
    """A value of which no more than the beginning is known."""

    __slots__ = ()


def value_of(context: Context, key: str, service: str = "") -> tuple[bool, str | None]:
    """Return whether something is known of a key, and its value.

    `service`: the one that is called. A key of another one never comes with the call.
    """
    name = key.lower()
    if name in context:
        return True, context[name]
    if f"{name.partition('/')[0]}/*" in context:
        return True, None
    return bool(service) and name.partition(":")[0] not in ("aws", service), None


def like(known: str, pattern: str) -> bool | None:
    if not isinstance(known, Beginning):
        return matches(known, pattern)
    literal = re.split(r"[*?]", pattern, maxsplit=1)[0]
    if not (known.startswith(literal) or literal.startswith(known)):
        return False
    whole = known.startswith(literal) and pattern == f"{literal}*"
    return True if whole else None


def equals(known: str, wanted: str) -> bool | None:
    if not isinstance(known, Beginning):
        return known == wanted
    return None if wanted.startswith(known) else False


def equals_in_any_case(known: str, wanted: str) -> bool:
    return known.lower() == wanted.lower()


def measured(
    read: Callable[[str], float], compare: Callable[[float, float], bool]
) -> Comparison:
    """Return what compares two numbers, or two times, that are written as text."""

    def measure(known: str, wanted: str) -> bool | None:
        try:
            return compare(read(known), read(wanted))
        except (ValueError, OverflowError):
            return None

    return measure


def number(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(text)
    return found


def seconds(text: str) -> float:
    """Read a time, in ISO 8601 or in seconds since 1970."""
    try:
        return number(text)
    except ValueError:
        found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


MEASURES = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
COMPARISONS: Mapping[str, Comparison] = {
    "StringEquals": equals,
    "StringEqualsIgnoreCase": equals_in_any_case,
    "StringLike": like,
    "ArnEquals": arn_matches,
    "ArnLike": arn_matches,
    "Bool": equals_in_any_case,
    **{f"Numeric{name}": measured(number, one) for name, one in MEASURES.items()},
    **{f"Date{name}": measured(seconds, one) for name, one in MEASURES.items()},
}
"""By operator, without `Not`, `IfExists`, and what precedes a colon."""


def filled(text: str, context: Context, service: str = "") -> tuple[str | None, bool]:
    """Return a text with the values of its policy variables, and whether all of them
    are known: those that aren't are `*`. None: one has no value, and nothing fits.
    """
    certain = True
    for variable in dict.fromkeys(VARIABLE.findall(text)):
        key, _, otherwise = (part.strip() for part in variable.partition(","))
        known, value = value_of(context, key, service)
        if ":" not in key or isinstance(value, Beginning):
            known = False
        if known and value is None:
            if not otherwise:
                return None, True
            value = otherwise.strip("'")
        certain = certain and known
        text = text.replace(f"${{{variable}}}", value if known and value else "*")
    return text, certain


def any_of(met: Iterable[bool | None]) -> bool | None:
    every = list(met)
    if True in every:
        return True
    return None if None in every else False


def all_of(met: Iterable[bool | None]) -> bool | None:
    every = list(met)
    if False in every:
        return False
    return None if None in every else True


def negated(met: bool | None) -> bool | None:
    return None if met is None else not met
