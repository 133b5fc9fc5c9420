"""Read in policy documents whether they speak of one call.

A small reader that knows when it does not know: it answers True, False, or None
where a condition asks for what is known only at the time of the call.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from onboarding.bounded_cpu import go_on
from onboarding.resources.policy import as_list
from onboarding.resources.wildcards import Texts, matches
from onboarding.verify.conditions.comparisons import (
    COMPARISONS,
    VARIABLE,
    Context,
    all_of,
    any_of,
    filled,
    negated,
    value_of,
)
from onboarding.verify.result import Path

__all__ = ["Context", "all_of"]


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One call: what is done to what, and what is known of its circumstances."""

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)

    @property
    def without_context(self) -> RequestContext:
        return replace(self, context={})

    @property
    def service(self) -> str:
        """Return whose keys it has; roles are assumed with those of others, too."""
        service = self.action.partition(":")[0].lower()
        return "" if service == "sts" else service

    def value_of(self, key: str | int) -> str | None:
        return value_of(self.context, str(key), self.service)[1]


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

    @property
    def place(self) -> str:
        """Name it within its document, as a sentence begins with it."""
        if sid := self.statement.get("Sid"):
            return f"The statement “{sid}”"
        return f"Statement {self.number + 1}"


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
    go_on()
    about = concerns(statement, asked.action, asked.resource, asked.context)
    if about is False:
        return False
    return all_of((about, are_met(statement, asked.context, asked.service)))


def are_met(
    statement: Mapping[str, Any], context: Context, service: str = ""
) -> bool | None:
    return all_of(met for _, met in conditions(statement, context, service))


def concerns(
    statement: Mapping[str, Any], action: str, resource: str, context: Context
) -> bool | None:
    """Return whether it is about the action on the resource, under any condition; None
    where a variable in it decides.
    """
    if not names_value(statement, "Action", action.lower(), lower=True):
        return False
    part = "Resource" if "Resource" in statement else "NotResource"
    named = any_of(
        fits_filled(resource, str(pattern), context)
        for pattern in as_list(statement[part])
    )
    return named if part == "Resource" else negated(named)


def fits_filled(resource: str, pattern: str, context: Context) -> bool | None:
    wanted, certain = filled(pattern, context)
    if wanted is None or not matches(resource, wanted):
        return False
    return True if certain else None


def keys_looked_at(
    documents: Iterable[Document], action: str, resource: str
) -> frozenset[str]:
    """Return the keys, in lower case, on which it depends what they say of a call."""
    return frozenset(
        key.lower()
        for document in documents
        for statement in document.statements
        if concerns(statement, action, resource, {}) is not False
        for key in keys_of(statement)
    )


def keys_of(statement: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys of its conditions, and those of its variables."""
    for path, _ in conditions(statement, {}):
        yield str(path[-1])
    parts = [statement.get(part) for part in ("Condition", "Resource", "NotResource")]
    for variable in VARIABLE.findall(json.dumps(parts)):
        yield variable.partition(",")[0].strip()


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
    statement: Mapping[str, Any], context: Context, service: str = ""
) -> Iterator[tuple[Path, bool | None]]:
    """Yield the path to each condition of a statement, and whether it is met."""
    for operator, block in statement.get("Condition", {}).items():
        for key, values in block.items():
            met, (is_known, known) = None, value_of(context, key, service)
            if is_known:
                wanted = [filled(str(v), context, service) for v in as_list(values)]
                met = is_met(operator, known, wanted)
            yield ("Condition", operator, key), met


def is_met(
    operator: str, known: str | None, wanted: list[tuple[str | None, bool]]
) -> bool | None:
    """Return whether a condition is met, by its values with their variables filled."""
    if operator == "Null":
        return str(known is None).lower() in [str(text).lower() for text, _ in wanted]
    plain = operator.removesuffix("IfExists")
    if known is None:
        return plain != operator or may_be_missing(operator)
    plain = plain.partition(":")[2] or plain
    compare = COMPARISONS.get(plain.replace("Not", ""))
    if compare is None:
        return None
    met = any_of(
        False if text is None else compare(known, text) if certain else None
        for text, certain in wanted
    )
    return negated(met) if "Not" in plain else met


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


def path_to(statement: Mapping[str, Any], part: str, value: str) -> Path:
    """Lead to the pattern of a part that matches the value, or to the part itself."""
    if part not in statement:
        return (f"Not{part}",)
    if isinstance(statement[part], list):
        for number, pattern in enumerate(statement[part]):
            if matches(value.lower(), str(pattern).lower()):
                return (part, number)
    return (part,)
