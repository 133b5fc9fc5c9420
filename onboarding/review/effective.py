"""What roles may do, as policies allow it in the end, and what of it they used."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache, lru_cache, reduce
from itertools import chain
from operator import or_
from pathlib import Path
from typing import Any

from onboarding.resources.policy import Policy, as_list
from onboarding.resources.wildcards import Texts

DATA = Path(__file__).with_name("actions.json")
LONGEST = 128
"""The most characters of an action's name that IAM's API takes: what is longer is none.
"""

Statement = Mapping[str, Any]


@cache
def all_actions() -> dict[str, tuple[str, ...]]:
    """Return the actions of AWS's reference, by service."""
    listed: dict[str, str] = json.loads(DATA.read_text(encoding="utf-8"))
    return {
        service: tuple(f"{service}:{name}" for name in names.split())
        for service, names in listed.items()
    }


@cache
def reference() -> Texts:
    return Texts(chain.from_iterable(all_actions().values()))


@lru_cache(maxsize=1024)
def of_reference(pattern: str) -> int:
    """Return the set of actions that fit a pattern; accounts have the same ones."""
    return reference().matching(pattern)


def effective(
    documents: Iterable[Policy], boundary: Policy | None = None
) -> frozenset[str]:
    """Return the actions that policies allow on something, within a boundary."""
    held = statements_of(documents)
    within = statements_of([boundary] if boundary else [])
    found = set[str]()
    for known in (reference(), newer_actions([*held, *within])):
        some = allowed(held, known)
        found.update(known.chosen(some & allowed(within, known) if boundary else some))
    return frozenset(found)


def statements_of(documents: Iterable[Policy]) -> list[Statement]:
    return [one for policy in documents for one in policy.document["Statement"]]


def newer_actions(statements: Iterable[Statement]) -> Texts:
    """Return those that are named, and newer than the reference."""
    named: dict[str, str] = {}
    for statement in statements:
        for pattern in patterns_of(statement):
            if not {"*", "?"} & {*pattern} and len(pattern) <= LONGEST:
                named.setdefault(pattern.lower(), pattern)
    return Texts(one for one in named.values() if not of_reference(one))


def allowed(statements: Iterable[Statement], known: Texts) -> int:
    """Return what is allowed, without what is denied on everything in any case."""
    found = denied = 0
    for statement in statements:
        if statement["Effect"] == "Allow":
            found |= concerned(statement, known)
        elif is_flat(statement):
            denied |= concerned(statement, known)
    return found & ~denied


def is_flat(statement: Statement) -> bool:
    return "Condition" not in statement and "*" in as_list(statement.get("Resource"))


def concerned(statement: Statement, known: Texts) -> int:
    matching = of_reference if known is reference() else known.matching
    named = reduce(or_, map(matching, patterns_of(statement)), 0)
    return named if "Action" in statement else known.every & ~named


def patterns_of(statement: Statement) -> list[str]:
    named = statement.get("Action", statement.get("NotAction", []))
    return [str(pattern) for pattern in as_list(named)]


def service_of(action: str) -> str:
    return action.partition(":")[0].lower()


def no_longer_allowed(
    used: Mapping[str, datetime], remaining: Iterable[Policy]
) -> list[tuple[str, datetime]]:
    """List what was used and the remaining policies don't allow, the latest first.

    `service:*` is used where IAM counts a service as a whole: it counts as allowed
    where anything of the service is.
    """
    allowed = {action.lower() for action in effective(remaining)}
    allowed |= {f"{service_of(action)}:*" for action in allowed}
    missing = [one for one in used.items() if one[0].lower() not in allowed]
    return sorted(missing, key=lambda one: (-one[1].timestamp(), one[0]))
