"""Who can assume a role, in words, as its trust policy says. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Any, NamedTuple

from onboarding.names import one_line
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


LONGEST = 300
"""The most characters that are shown of somebody: others chose the names."""
NO_ONE = "No one can assume it."


class Width(IntEnum):
    """How many somebody may be, the widest first."""

    ANYBODY = 0
    MANY = 1
    """Whoever another account, an organization or an identity provider permits."""
    NAMED = 2
    SERVICE = 3
    """AWS itself, for what the account sets up."""
    NONE = 4


class Assumer(NamedTuple):
    who: str
    width: Width
    kind: str
    """As a policy writes the principal: AWS, Service, Federated or NotPrincipal."""
    name: str

    @property
    def anybody(self) -> bool:
        """Return whether strangers are among them."""
        return self.width is Width.ANYBODY

    @property
    def is_service(self) -> bool:
        return self.width is Width.SERVICE

    @property
    def principal(self) -> tuple[str, str]:
        return self.kind, self.name

    @property
    def sentence(self) -> str:
        return f"{self.who} can assume it."

    @property
    def loses(self) -> str:
        return f"{self.who} can no longer assume it."

    def includes(self, other: Assumer) -> bool:
        """Return whether the other is one of them, whatever the conditions."""
        if self.principal == other.principal:
            return True
        if self.kind != "AWS" or other.kind != "AWS":
            return False
        return self.name in ("*", Arn.of(other.name).account)


Statements = Iterable[dict[str, Any]]


def who_can_assume(trust: Statements, planned: Statements = ()) -> list[Assumer]:
    """List who can assume a role by its trust policy, the widest first, except whom the
    planned trust policy names, too. Pages, plans and reports ask this.
    """
    expected = {one.principal for each in planned for one in assumers(each)}
    found = dict.fromkeys(
        one
        for each in trust
        for one in assumers(each)
        if one.width is not Width.NONE and one.principal not in expected
    )
    return sorted(found, key=lambda one: one.width)


def shut_out(before: Statements, after: Statements) -> list[Assumer]:
    """List who could assume a role and no longer can, the widest first."""
    stay = [one for each in after for one in assumers(each)]
    return [
        one
        for one in who_can_assume(before)
        if not any(other.includes(one) for other in stay)
    ]


def is_for_services(trust: Statements) -> bool:
    """Return whether AWS's services assume the role, and nobody else."""
    found = [one for each in trust for one in assumers(each)]
    return bool(found) and all(one.is_service for one in found)


def assumers(statement: dict[str, Any]) -> Iterator[Assumer]:
    """Yield who can assume a role by one statement of its trust policy."""
    if statement.get("Effect") != "Allow":
        return
    known = list(conditions(statement))
    if "NotPrincipal" in statement:
        who = f"Everyone except those that it names{with_these(known)}"
        named = str(statement["NotPrincipal"])
        yield Assumer(who, Width.ANYBODY, "NotPrincipal", named)
        return
    principal = statement.get("Principal", {})
    kinds = principal if isinstance(principal, dict) else {"AWS": principal}
    for kind, names in kinds.items():
        for name in map(str, as_list(names)):
            width = width_of(kind, name)
            if width is Width.ANYBODY and any(map(is_shut, known)):
                width = Width.MANY
            who = f"{bounded(principal_in_words(kind, name))}{with_these(known)}"
            yield Assumer(who, width, str(kind), name)


def bounded(text: str) -> str:
    """Return it in one line, and not longer than is shown."""
    line = one_line(text)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def width_of(kind: str, name: str) -> Width:
    if name == "*":
        return Width.ANYBODY
    if kind == "Service":
        return Width.SERVICE
    if kind == "AWS" and is_deleted(name):
        return Width.NONE
    is_account = name.isdigit() or Arn.of(name).resource == "root"
    return Width.MANY if kind != "AWS" or is_account else Width.NAMED


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
    if name == "*":
        return "Anybody in AWS"
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
    return f", known by {bounded(' and '.join(by))}," if by else ""


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
