"""What Spinnaker makes of a scalar: YAML 1.1 reads numbers and truths in what has no
quotes, so an account ID can become another number without an error.
"""

from __future__ import annotations

import re

from onboarding.spinnaker.halconfig.tree import FALSE, PLAIN, TRUE, Scalar

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
