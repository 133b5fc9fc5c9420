"""Who can assume a role, in words, as its trust policy says. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from onboarding.partitions import Arn
from onboarding.resources.policy import as_list

KNOWN_BY = {
    "sts:externalid": "an external ID",
    "aws:principalorgid": "their organization",
    "aws:principalorgpaths": "their place in the organization",
    "aws:principalaccount": "their account",
    "aws:principalarn": "their own ARN",
    "aws:sourceaccount": "the account that a service acts for",
    "aws:sourcearn": "what a service acts for",
}
"""Conditions that a stranger does not meet, unless their value is all wildcards."""
WILD = {"*", "?"}
UNBOUND = re.compile("not|ifexists$|^forallvalues:|^null$")
"""Operators that are met by somebody of whom nothing is known, or by any value."""


class Assumer(NamedTuple):
    who: str
    anybody: bool = False
    """Whether strangers are among them."""
    is_service: bool = False
    """Whether AWS itself assumes it, for what the account sets up."""

    @property
    def sentence(self) -> str:
        return f"{self.who} can assume it."


def assumers(statement: dict[str, Any]) -> Iterator[Assumer]:
    """Yield who can assume a role by one statement of its trust policy."""
    if statement.get("Effect") != "Allow":
        return
    known = list(conditions(statement))
    if "NotPrincipal" in statement:
        yield Assumer(f"Everyone except those that it names{with_these(known)}", True)
        return
    principal = statement.get("Principal", {})
    kinds = principal if isinstance(principal, dict) else {"AWS": principal}
    for kind, names in kinds.items():
        for name in map(str, as_list(names)):
            if name == "*":
                is_open = not any(map(is_shut, known))
                yield Assumer(f"Anybody in AWS{with_these(known)}", is_open)
            else:
                who = f"{principal_in_words(kind, name)}{with_these(known)}"
                yield Assumer(who, is_service=kind == "Service")


def conditions(statement: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield each condition key in lower case, with the values that it must have."""
    for operator, block in statement.get("Condition", {}).items():
        for key, values in block.items():
            binds = not UNBOUND.search(operator.lower())
            yield key.lower(), list(map(str, as_list(values))) if binds else []


def is_shut(condition: tuple[str, list[str]]) -> bool:
    """Return whether a stranger does not meet the condition."""
    key, values = condition
    is_open = any({*value} <= WILD for value in values)
    return key in KNOWN_BY and bool(values) and not is_open


def principal_in_words(kind: str, name: str) -> str:
    if kind == "Service":
        return f"AWS's service {name}"
    if kind == "Federated":
        return f"Every identity that {name} vouches for"
    if name.isdigit():
        return f"Every identity that account {name} permits"
    arn = Arn.of(name)
    if not arn.account:
        return f"A deleted identity ({name})"
    return f"{arn.kind.title()} {arn.name} of account {arn.account}"


def with_these(known: list[tuple[str, list[str]]]) -> str:
    """Say by what a condition knows them."""
    by = [KNOWN_BY.get(key, key) for key in sorted({key for key, _ in known})]
    return f", known by {' and '.join(by)}," if by else ""


def without_deleted(trust: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a trust policy without identities that were deleted, and name these: IAM
    shows them by an ID of its own, lets nobody in by it, and takes none back.
    """
    deleted: list[str] = []
    statements = []
    for statement in as_list(trust["Statement"]):
        principal = statement.get("Principal")
        if isinstance(principal, dict) and "AWS" in principal:
            names = as_list(principal["AWS"])
            gone = [name for name in names if is_deleted(str(name))]
            left = [name for name in names if name not in gone]
            deleted += gone
            if gone and left:
                principal = {**principal, "AWS": left}
            elif gone:
                principal = {k: v for k, v in principal.items() if k != "AWS"}
            statement = {**statement, "Principal": principal}
        if principal != {}:
            statements.append(statement)
    return ({**trust, "Statement": statements} if deleted else trust), deleted


def is_deleted(name: str) -> bool:
    """Return whether it is neither an ARN, an account nor everybody."""
    return name != "*" and ":" not in name and not name.isdigit()
