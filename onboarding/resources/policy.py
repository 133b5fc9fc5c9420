"""Policy: an IAM policy document in canonical form, with its size."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

MANAGED_POLICY_LIMIT = 6144
INLINE_POLICIES_LIMIT = 10240
TRUST_POLICY_LIMIT = 2048
"""Characters without white space; https://docs.aws.amazon.com/IAM quotas page."""

VERSION = "2012-10-17"
ROOT_ARN = re.compile(r"arn:[a-z-]+:iam::(\d{12}):root")
SETS = ("Action", "NotAction", "Resource", "NotResource")


class QuotaExceeded(ValueError):
    """A document larger than AWS accepts; the message says by how much."""


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def scalar_or_sorted(value: Any) -> Any:
    """Collapse a list of one; sort the others: both mean the same to IAM."""
    values = sorted({str(item) for item in as_list(value)})
    return values[0] if len(values) == 1 else values


def canonical_principal(principal: Any) -> dict[str, Any]:
    """Write a principal as an object, which Clouddriver's own parser requires."""
    if not isinstance(principal, dict):
        return {"AWS": principal}
    return {
        kind: scalar_or_sorted([ROOT_ARN.sub(r"\1", str(p)) for p in as_list(value)])
        for kind, value in sorted(principal.items())
    }


def canonical_condition(condition: Mapping[str, Any]) -> dict[str, Any]:
    return {
        operator: {
            key: scalar_or_sorted([text(value) for value in as_list(values)])
            for key, values in sorted(block.items())
        }
        for operator, block in sorted(condition.items())
    }


def text(value: Any) -> str:
    """Write a condition's value as IAM does: booleans in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def canonical_statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    canonical: dict[str, Any] = {}
    if statement.get("Sid"):
        canonical["Sid"] = statement["Sid"]
    canonical["Effect"] = statement["Effect"]
    for part in ("Principal", "NotPrincipal"):
        if part in statement:
            canonical[part] = canonical_principal(statement[part])
    for part in SETS:
        if part in statement:
            canonical[part] = scalar_or_sorted(statement[part])
    if statement.get("Condition"):
        canonical["Condition"] = canonical_condition(statement["Condition"])
    return canonical


MINIFYING = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def minified(document: Any) -> str:
    return MINIFYING.encode(document)


@dataclass(frozen=True, slots=True)
class Policy:
    """A document in one spelling, so that equal policies are equal values.

    A list of one is a scalar, lists are sorted, `Statement` is a list, `Principal`
    an object, and an account's root ARN is its id.
    """

    text: str
    written: str = field(default="", compare=False)
    """How others wrote it, which means the same; empty: as it is in `text`."""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Policy:
        """Make one from a parsed document."""
        statements = [canonical_statement(s) for s in as_list(document["Statement"])]
        statements.sort(key=lambda s: (s.get("Sid", ""), minified(s)))
        version = document.get("Version", VERSION)
        return cls(minified({"Version": version, "Statement": statements}))

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Policy:
        """Make one from a document of others, which is kept to the letter."""
        return replace(cls.of(document), written=minified(document))

    @classmethod
    def allowing(cls, *statements: Mapping[str, Any]) -> Policy:
        """Make one from statements that all allow."""
        allowed = [{"Effect": "Allow", **statement} for statement in statements]
        return cls.of({"Statement": allowed})

    @property
    def document(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.text)
        return parsed

    @property
    def as_written(self) -> str:
        return self.written or self.text

    @property
    def size(self) -> int:
        """Count characters as AWS does: white space outside strings is free."""
        return len(self.text)

    def within(self, limit: int, what: str) -> Policy:
        """Return itself; raise QuotaExceeded where it is over the limit."""
        if self.size > limit:
            raise QuotaExceeded(
                f"{what} has {self.size:,} characters; AWS accepts {limit:,}."
            )
        return self

    def atoms(self) -> frozenset[str]:
        """Split it into the smallest permissions, to compare what it grants."""
        return atoms_of(self.text)


@lru_cache(maxsize=256)
def atoms_of(text: str) -> frozenset[str]:
    permissions = [Permissions.of(one) for one in json.loads(text)["Statement"]]
    if sum(one.size for one in permissions) > MOST_WRITTEN:
        return frozenset(minified(one) for one in permissions)
    return frozenset(
        minified([part, one.rest]) for one in permissions for part in one.single
    )


MOST_WRITTEN = 500_000
"""The characters of the smallest permissions of a document, of which those of others
can have a hundred million: 400 actions on 240 resources, each under a long condition.
Bowline's own have 20,000. Above it, a statement is the smallest part.
"""


class Permissions(NamedTuple):
    """A statement without its name: each of its actions on each of its resources."""

    verbs: list[str]
    actions: list[str]
    resources: list[str]
    rest: dict[str, Any]

    @classmethod
    def of(cls, statement: Mapping[str, Any]) -> Permissions:
        return cls(
            [key for key in SETS if key in statement],
            as_list(statement.get("Action", statement.get("NotAction"))),
            as_list(statement.get("Resource", statement.get("NotResource", ""))),
            {k: v for k, v in statement.items() if k not in (*SETS, "Sid")},
        )

    @property
    def single(self) -> Iterator[list[str]]:
        for action, resource in product(self.actions, self.resources):
            yield [*self.verbs, action, resource]

    @property
    def size(self) -> int:
        """Count the characters that the smallest ones have, about."""
        each = len(minified([self.verbs, self.rest]))
        actions, resources = minified(self.actions), minified(self.resources)
        return (
            len(self.actions) * len(self.resources) * each
            + len(self.actions) * len(resources)
            + len(self.resources) * len(actions)
        )
