"""Read in policy documents whether they speak of one call.

A small reader that knows when it does not know: it answers True, False, or None
where a condition asks for what is known only at the time of the call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from onboarding.resources.policy import as_list
from onboarding.resources.wildcards import Texts, arn_matches, matches
from onboarding.verify.result import Path

Context = Mapping[str, str | None]
"""What is known, by condition key in lower case; None: the request has no such key."""
LIKE = {"StringLike": matches, "ArnLike": arn_matches, "ArnEquals": arn_matches}


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One call: what is done to what, and what is known of its circumstances."""

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)

    @property
    def without_context(self) -> RequestContext:
        return replace(self, context={})


@dataclass(frozen=True, slots=True)
class Document:
    """A policy as it exists, with the name by which people find it."""

    name: str
    content: Mapping[str, Any]
    arn: str = ""
    """Empty: an inline policy."""

    @property
    def statements(self) -> list[dict[str, Any]]:
        return as_list(self.content["Statement"])

    @property
    def shown(self) -> dict[str, Any]:
        """Return it with `Statement` as a list, so that a path into it always holds."""
        return {**self.content, "Statement": self.statements}


class FoundStatement(NamedTuple):
    """The statement that speaks of the call; uncertain where a condition decides."""

    document: Document
    number: int
    certain: bool

    @property
    def statement(self) -> dict[str, Any]:
        return self.document.statements[self.number]


def find_statement(
    documents: Iterable[Document], effect: str, asked: RequestContext
) -> FoundStatement | None:
    """Find a statement of this effect on the call; a certain one, if there is one."""
    unsure = None
    for document in documents:
        for number, statement in enumerate(document.statements):
            if statement["Effect"] != effect:
                continue
            match speaks(statement, asked):
                case True:
                    return FoundStatement(document, number, certain=True)
                case None:
                    unsure = unsure or FoundStatement(document, number, certain=False)
    return unsure


def speaks(statement: Mapping[str, Any], asked: RequestContext) -> bool | None:
    """Return whether an identity's statement is about the call."""
    if not concerns(statement, asked.action, asked.resource):
        return False
    return are_met(statement, asked.context)


def are_met(statement: Mapping[str, Any], context: Context) -> bool | None:
    return all_of(met for _, met in conditions(statement, context))


def concerns(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    """Return whether it is about the action on the resource, under any condition."""
    return names_value(statement, "Action", action.lower(), lower=True) and (
        names_value(statement, "Resource", resource, lower=False)
    )


def keys_looked_at(
    documents: Iterable[Document], action: str, resource: str
) -> frozenset[str]:
    """Return the keys, in lower case, on which it depends what they say of a call."""
    return frozenset(
        str(path[-1]).lower()
        for document in documents
        for statement in document.statements
        if "Condition" in statement and concerns(statement, action, resource)
        for path, _ in conditions(statement, {})
    )


def names_value(
    statement: Mapping[str, Any], part: str, value: str, *, lower: bool
) -> bool:
    def among(patterns: Any) -> bool:
        return any(
            matches(value, pattern.lower() if lower else pattern)
            for pattern in as_list(patterns)
        )

    if part in statement:
        return among(statement[part])
    return not among(statement[f"Not{part}"])


def resources_of(statement: Mapping[str, Any], known: Texts) -> int:
    """Return the set of those that the statement is about."""
    part = "Resource" if "Resource" in statement else "NotResource"
    found = reduce(or_, map(known.matching, as_list(statement[part])), 0)
    return found if part == "Resource" else known.every & ~found


def conditions(
    statement: Mapping[str, Any], context: Context
) -> Iterator[tuple[Path, bool | None]]:
    """Yield the path to each condition of a statement, and whether it is met."""
    for operator, block in statement.get("Condition", {}).items():
        for key, values in block.items():
            met = None
            if key.lower() in context:
                met = is_met(operator, context[key.lower()], as_list(values))
            yield ("Condition", operator, key), met


def is_met(operator: str, known: str | None, values: list[Any]) -> bool | None:
    if operator == "Null":
        return str(known is None).lower() in [str(value).lower() for value in values]
    plain = operator.removesuffix("IfExists")
    if known is None:
        return plain != operator or may_be_missing(operator)
    negated, plain = "Not" in plain, plain.partition(":")[2] or plain
    plain = plain.replace("Not", "")
    if any("${" in str(value) for value in values):
        return None
    if plain == "StringEquals":
        return (known in values) != negated
    if plain in ("StringEqualsIgnoreCase", "Bool"):
        return (known.lower() in [str(v).lower() for v in values]) != negated
    if plain in LIKE:
        fits = LIKE[plain]
        return any(fits(known, str(pattern)) for pattern in values) != negated
    return None


def may_be_missing(operator: str) -> bool:
    """Return whether a key that is missing meets the condition, as AWS documents it."""
    if operator.startswith("ForAnyValue:"):
        return False
    return operator.startswith("ForAllValues:") or "Not" in operator


def asked_for(operator: str | int, values: Any) -> str:
    """Say what a condition wants its key to be."""
    if operator == "Null":
        return "there" if str(as_list(values)[0]).lower() == "false" else "missing"
    return f"“{' or '.join(map(str, as_list(values)))}”"


def all_of(met: Iterable[bool | None]) -> bool | None:
    every = list(met)
    if False in every:
        return False
    return None if None in every else True


def path_to(statement: Mapping[str, Any], part: str, value: str) -> Path:
    """Lead to the pattern of a part that matches the value, or to the part itself."""
    if part not in statement:
        return (f"Not{part}",)
    if isinstance(statement[part], list):
        for number, pattern in enumerate(statement[part]):
            if matches(value.lower(), str(pattern).lower()):
                return (part, number)
    return (part,)
