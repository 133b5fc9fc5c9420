"""A statement of a policy said in a line, for those who do not open it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from onboarding.resources.policy import as_list

VERBS = {"Allow": "Allows", "Deny": "Denies"}


def statement_in_words(statement: Mapping[str, Any]) -> str:
    """Say it: “EC2Read: Allows 12 actions of ec2 on every resource”."""
    sid = f"{statement['Sid']}: " if statement.get("Sid") else ""
    verb = VERBS.get(statement.get("Effect", ""), "Denies")
    return f"{sid}{verb} {' '.join(parts(statement))}"


def parts(statement: Mapping[str, Any]) -> Iterator[str]:
    yield from either(statement, "Action", "actions", listed_actions)
    if principals := list(principals_of(statement)):
        yield f"to {named_or_counted(principals, 'principals')}"
    if "Resource" in statement or "NotResource" in statement:
        yield "on"
        yield from either(statement, "Resource", "resources", named_or_counted)
    if keys := list(condition_keys(statement)):
        yield f"if {' and '.join(keys)}"


def either(
    statement: Mapping[str, Any], key: str, what: str, write: Any
) -> Iterator[str]:
    """Yield what is named, or that all else is meant."""
    if f"Not{key}" in statement:
        yield "all but"
    values = as_list(statement.get(key, statement.get(f"Not{key}", [])))
    if values:
        yield write([str(value) for value in values], what)


def named_or_counted(values: list[str], what: str) -> str:
    if values == ["*"]:
        return f"all {what}"
    return values[0] if len(values) == 1 else f"{len(values)} {what}"


def listed_actions(actions: list[str], what: str) -> str:
    services = sorted({action.partition(":")[0] for action in actions})
    more = f" of {', '.join(services)}" if len(actions) > 1 else ""
    return named_or_counted(actions, what) + more


def principals_of(statement: Mapping[str, Any]) -> Iterator[str]:
    for key in ("Principal", "NotPrincipal"):
        named = statement.get(key, {})
        kinds = named.values() if isinstance(named, Mapping) else [named]
        yield from (str(one) for values in kinds for one in as_list(values))


def condition_keys(statement: Mapping[str, Any]) -> Iterator[str]:
    for block in statement.get("Condition", {}).values():
        yield from block


def fields_in_line(document: Mapping[str, Any], keys: Iterable[str]) -> str:
    """Say a document's plain fields: “name: BaseIAMRole, path: /”."""
    return ", ".join(
        f"{key.replace('_', ' ')}: {in_words(document[key])}" for key in keys
    )


def in_words(value: Any) -> str:
    """Write a field's value as text: a list with commas, nothing as “none”."""
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return str(value or "none")
