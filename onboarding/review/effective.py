"""What policies allow in the end, as actions of AWS's reference. Pure.

actions.json lists every action by service; a test compares it with the reference. What
is unsure counts as allowed: a condition may be met, and a denial of some resources
leaves others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from onboarding.resources.policy import Policy, as_list

DATA = Path(__file__).with_name("actions.json")
WILD = re.compile(r"[*?]")

Statement = Mapping[str, Any]
Known = dict[str, dict[str, str]]
"""By service, each action as AWS writes it, by its name in lower case."""


@cache
def all_actions() -> dict[str, tuple[str, ...]]:
    """Return the actions of AWS's reference, by service."""
    listed: dict[str, str] = json.loads(DATA.read_text(encoding="utf-8"))
    return {
        service: tuple(f"{service}:{name}" for name in names.split())
        for service, names in listed.items()
    }


@cache
def by_name() -> Known:
    return {
        service: {action.lower(): action for action in actions}
        for service, actions in all_actions().items()
    }


def effective(
    documents: Iterable[Policy], boundary: Policy | None = None
) -> frozenset[str]:
    """Return the actions that policies allow on something, within a boundary."""
    held = statements_of(documents)
    within = statements_of([boundary] if boundary else [])
    known = known_actions([*held, *within])
    found = allowed(held, known)
    return found & allowed(within, known) if boundary else found


def statements_of(documents: Iterable[Policy]) -> list[Statement]:
    return [one for policy in documents for one in policy.document["Statement"]]


def known_actions(statements: Iterable[Statement]) -> Known:
    """Return AWS's actions, and those that are newer than the reference and named."""
    named: Known = {}
    for statement in statements:
        for pattern in patterns_of(statement):
            if not WILD.search(pattern):
                of_service = named.setdefault(service_of(pattern), {})
                of_service.setdefault(pattern.lower(), pattern)
    listed = by_name()
    return listed | {one: named[one] | listed.get(one, {}) for one in named}


def allowed(statements: Iterable[Statement], known: Known) -> frozenset[str]:
    """Return what is allowed, without what is denied on everything in any case."""
    found, denied = set[str](), set[str]()
    for statement in statements:
        if statement["Effect"] == "Allow":
            found |= concerned(statement, known)
        elif is_flat(statement):
            denied |= concerned(statement, known)
    return frozenset(found - denied)


def is_flat(statement: Statement) -> bool:
    return "Condition" not in statement and "*" in as_list(statement.get("Resource"))


def concerned(statement: Statement, known: Known) -> set[str]:
    named = {
        action
        for pattern in patterns_of(statement)
        for action in matching_actions(pattern, known)
    }
    if "Action" in statement:
        return named
    return {one for actions in known.values() for one in actions.values()} - named


def patterns_of(statement: Statement) -> list[str]:
    named = statement.get("Action", statement.get("NotAction", []))
    return [str(pattern) for pattern in as_list(named)]


def matching_actions(pattern: str, known: Known) -> Iterator[str]:
    """Yield the actions that match as IAM reads a pattern: in either case."""
    service = service_of(pattern)
    among = known.values() if WILD.search(service) else [known.get(service, {})]
    if not WILD.search(pattern):
        yield from (
            found[name] for found in among if (name := pattern.lower()) in found
        )
        return
    parts = (re.escape(part) for part in re.split(r"([*?])", pattern.lower()))
    wanted = re.compile("".join({r"\*": ".*", r"\?": "."}.get(p, p) for p in parts))
    for actions in among:
        for name, action in actions.items():
            if wanted.fullmatch(name):
                yield action


def service_of(action: str) -> str:
    return action.partition(":")[0].lower()
