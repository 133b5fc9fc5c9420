"""The remainder: what Spinnaker is configured with of an account, and Bowline doesn't
own. It is kept as Clouddriver's configuration spells it, and written back into every
output by `carrying` alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from onboarding.carried.secrets import masked
from onboarding.carried.table import KINDS, KUBERNETES, ROWS, canonical
from onboarding.names import (
    INVISIBLE,
    REPLACED_RULE,
    SEEN_RULE,
    fiat_role,
    replaced,
    short,
)

Fields: TypeAlias = Mapping[str, Any]
"""Of one of Spinnaker's accounts, by Clouddriver's own names."""
Carried: TypeAlias = Mapping[str, Any]
"""Of an account: {aws: Fields, ecs: Fields, kubernetes: {NAME: Fields}}."""

PERMISSIONS, REGIONS = "permissions", "regions"
OWNED = {
    kind: {canonical(row.name): row.name for row in rows if not row.is_carried}
    for kind, rows in ROWS.items()
}
"""What Bowline writes, or decides not to write, by canonical keys; never carried."""
IN_PART = (PERMISSIONS, REGIONS)
"""Owned fields in which more can be carried: other verbs, and what a region has."""
OTHER_VERBS = ("CREATE", "EXECUTE")

KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")
"""Spring takes dots and brackets in a key for a path."""
LONGEST, LONGEST_TEXT, DEEPEST = 32_768, 2_048, 6
MOST = 2**53


def carried(value: Any) -> dict[str, Any]:
    """Return it in one order; raise ValueError for what Bowline must not carry."""
    if not isinstance(value, dict):
        raise ValueError(f"It must be a mapping of {', '.join(KINDS)}.")
    found: dict[str, Any] = {}
    for kind, fields in value.items():
        if kind not in KINDS:
            raise ValueError(f"“{short(kind)}” is none of {', '.join(KINDS)}.")
        if not isinstance(fields, dict):
            raise ValueError(f"{kind} must be a mapping of fields to values.")
        if kind == KUBERNETES:
            found[kind] = {
                name: fields_of(kind, inner, f"{kind}, {short(name)}")
                for name, inner in fields.items()
            }
            found[kind] = {name: inner for name, inner in found[kind].items() if inner}
        else:
            found[kind] = fields_of(kind, fields, kind)
    found = ordered({kind: fields for kind, fields in found.items() if fields})
    if len(json.dumps(found, ensure_ascii=False)) > LONGEST:
        raise ValueError(f"It is longer than {LONGEST:,} characters of JSON.")
    return found


def are_carried(value: Any) -> bool:
    """Return whether it has the shape that `carrying` needs: what is stored stays
    readable, whatever `carried` refuses later.
    """
    if not isinstance(value, dict) or not {*value} <= {*KINDS}:
        return False
    clusters = value.get(KUBERNETES, {})
    if not isinstance(clusters, dict):
        return False
    return all(
        map(are_fields, (*without(value, (KUBERNETES,)).values(), *clusters.values()))
    )


def are_fields(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get(PERMISSIONS, {}), dict):
        return False
    regions = value.get(REGIONS, [])
    return isinstance(regions, list) and all(
        isinstance(one, dict) and isinstance(one.get("name"), str) for one in regions
    )


def fields_of(kind: str, fields: Any, where: str) -> dict[str, Any]:
    """Return the fields of one of Spinnaker's accounts; raise ValueError."""
    if not isinstance(fields, dict):
        raise ValueError(f"{where} must be a mapping of fields to values.")
    found: dict[str, Any] = {}
    for key, value in fields.items():
        if value is None:
            continue
        at = f"{where}, {short(key)}"
        name = OWNED[kind].get(canonical(key), "")
        if name and (name not in IN_PART or key != name):
            raise ValueError(f"{at}: Bowline writes {name} itself.")
        match name:
            case "permissions":
                found[key] = other_verbs(at, value)
            case "regions":
                found[key] = of_regions(at, value)
            case _:
                found[key] = bounded(at, key, value, DEEPEST)
    refuse_twins(where, found)
    return {key: value for key, value in found.items() if value != {}}


def other_verbs(at: str, value: Any) -> dict[str, list[str]]:
    if not isinstance(value, dict) or not {*value}.issubset(OTHER_VERBS):
        raise ValueError(f"{at}: Only {' and '.join(OTHER_VERBS)} are carried.")
    for groups in value.values():
        if not isinstance(groups, list):
            raise ValueError(f"{at}: Each must be a list of groups.")
    said = {verb: [*map(fiat_role, groups)] for verb, groups in value.items()}
    return {verb: groups for verb, groups in said.items() if groups}


def of_regions(at: str, value: Any) -> list[dict[str, Any]]:
    """Return what regions have in addition to their names; each comes once."""
    if not isinstance(value, list) or not all(
        isinstance(one, dict) and isinstance(one.get("name"), str) for one in value
    ):
        raise ValueError(f"{at}: It must be a list of mappings, each with a name.")
    names = [one["name"] for one in value]
    if len({*names}) < len(names):
        raise ValueError(f"{at}: A Region comes twice.")
    found = [bounded(at, REGIONS, one, DEEPEST) for one in value]
    for one in found:
        refuse_twins(at, one)
    return sorted(found, key=lambda one: str(one["name"]))


def bounded(at: str, key: str, value: Any, depth: int) -> Any:
    """Return a value without what is null; raise ValueError for what isn't kept."""
    if not KEY.fullmatch(key):
        raise ValueError(f"{at}: A field has letters, digits, “-” and “_”.")
    if masked(key, value) != value:
        raise ValueError(f"{at}: Bowline keeps no secret.")
    if depth == 0:
        raise ValueError(f"{at}: It nests deeper than {DEEPEST} levels.")
    match value:
        case dict():
            refuse_twins(at, value)
            return {
                name: bounded(at, name, inner, depth - 1)
                for name, inner in value.items()
                if inner is not None
            }
        case list():
            return [bounded(at, key, inner, depth - 1) for inner in value]
        case bool():
            return value
        case int() if abs(value) <= MOST:
            return value
        case str():
            return bounded_text(at, value)
    raise ValueError(f"{at}: Write a text, a whole number, true or false.")


def bounded_text(at: str, text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"{at}: It is longer than {LONGEST_TEXT:,} characters.")
    if any(replaced(text)):
        raise ValueError(f"{at}: {REPLACED_RULE}")
    if INVISIBLE.search(text):
        raise ValueError(f"{at}: {SEEN_RULE}")
    return text


def refuse_twins(at: str, fields: Fields) -> None:
    """Refuse two spellings of one key: for Spring, the second would count."""
    if len({canonical(key) for key in fields}) < len(fields):
        raise ValueError(f"{at}: A field comes twice, in two spellings.")


def ordered(value: Any) -> Any:
    """Sort the keys: a database keeps them in an order of its own."""
    match value:
        case Mapping():
            return {key: ordered(value[key]) for key in sorted(value)}
        case list():
            return [ordered(one) for one in value]
    return value


def carrying(account: Fields, fields: Fields) -> dict[str, Any]:
    """Add them to an account as Clouddriver reads it. What Bowline writes stays, but
    for its defaults; a verb is added to the others, and a zone to its region.
    """
    added: dict[str, Any] = {**account, **ordered(without(fields, IN_PART))}
    if verbs := fields.get(PERMISSIONS):
        added[PERMISSIONS] = {**account.get(PERMISSIONS, {}), **ordered(verbs)}
    if of_each := {one["name"]: ordered(one) for one in fields.get(REGIONS, ())}:
        added[REGIONS] = [
            {**one, **of_each.get(one["name"], {})} for one in account[REGIONS]
        ]
    return added


def without(fields: Fields, names: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key not in names}


def carried_lines(of: Carried) -> Iterator[tuple[str, str, str]]:
    """Yield each field: the kind with the name where one has several, the field, and
    its value in JSON.
    """
    for kind in KINDS:
        fields = of.get(kind, {})
        named = fields if kind == KUBERNETES else {"": fields}
        for name in sorted(named):
            for key, value in ordered(named[name]).items():
                said = (
                    value
                    if isinstance(value, str)
                    else json.dumps(value, ensure_ascii=False)
                )
                yield " ".join(filter(None, (kind, name))), key, said
