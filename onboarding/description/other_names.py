"""The other names by which Spinnaker knows an AWS account, and what differs under each.

All of them share the account's role: what they may do in AWS is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from onboarding import names
from onboarding.carried.fields import are_carried, carried, ordered
from onboarding.carried.table import AWS
from onboarding.names import any_case, short
from onboarding.partitions import known_region
from onboarding.topology import Managed, OtherName, Permissions

NAME, REGIONS, PERMISSIONS, CARRIED = KEYS = (
    "name",
    "regions",
    "permissions",
    "carried",
)
READ, WRITE = VERBS = ("READ", "WRITE")
MOST = 20
NEEDS_AWS = "Only an account with EC2, ECS or Lambda has other names (also_as)."


def other_names(value: Any, partition: str = "aws") -> list[dict[str, Any]]:
    """Return them as they are kept; raise ValueError with a sentence."""
    if not isinstance(value, list) or len(value) > MOST:
        raise ValueError(f"It must be a list of at most {MOST} names.")
    found = [other_name(one, partition) for one in value]
    if len({any_case(one[NAME]) for one in found}) < len(found):
        raise ValueError("A name comes twice.")
    return found


def other_name(value: Any, partition: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not isinstance(value.get(NAME), str):
        raise ValueError("Each must be a mapping with a name.")
    if unknown := sorted(value.keys() - {*KEYS}):
        raise ValueError(f"“{short(unknown[0])}” is none of {', '.join(KEYS)}.")
    said: dict[str, Any] = {NAME: names.ACCOUNT_NAME(value[NAME])}
    if REGIONS in value:
        regions = texts(value[REGIONS], REGIONS)
        if not regions or len({*regions}) < len(regions):
            raise ValueError(f"{REGIONS}: Name at least one Region, and each once.")
        said[REGIONS] = [known_region(one, partition=partition) for one in regions]
    if PERMISSIONS in value:
        said[PERMISSIONS] = groups(value[PERMISSIONS])
    if fields := carried(value.get(CARRIED, {})):
        if fields.keys() != {AWS}:
            raise ValueError("carried: Another name only has fields of aws.")
        said[CARRIED] = fields
    return said


def groups(value: Any) -> dict[str, list[str]]:
    if not isinstance(value, dict) or not {*value} <= {*VERBS}:
        raise ValueError("permissions: Write a mapping of READ and WRITE.")
    said = {verb: texts(value.get(verb, []), verb) for verb in VERBS}
    return {verb: [*map(names.fiat_role, each)] for verb, each in said.items()}


def texts(value: Any, key: str) -> list[str]:
    if not are_texts(value):
        raise ValueError(f"{key}: It must be a list of texts.")
    return [*value]


def are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def are_other_names(value: Any) -> bool:
    """Return whether it has the shape that `value_of` needs: what is stored stays
    readable, whatever `other_names` refuses later.
    """
    return isinstance(value, list) and all(map(is_other_name, value))


def is_other_name(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    permissions = value.get(PERMISSIONS, {verb: [] for verb in VERBS})
    return (
        isinstance(value.get(NAME), str)
        and isinstance(permissions, dict)
        and all(are_texts(permissions.get(verb)) for verb in VERBS)
        and are_texts(value.get(REGIONS, []))
        and are_carried(value.get(CARRIED, {}))
    )


def in_key_order(column: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Say them with their keys in one order: a database keeps another one."""
    return [{key: ordered(one[key]) for key in KEYS if key in one} for one in column]


def values_of(
    column: Iterable[Mapping[str, Any]], managed: Managed
) -> tuple[OtherName, ...]:
    """Return them with what they have of the account where nothing differs."""
    return tuple(
        OtherName(
            one[NAME],
            tuple(one.get(REGIONS, managed.regions)),
            Permissions(*(tuple(one[PERMISSIONS][verb]) for verb in VERBS))
            if PERMISSIONS in one
            else managed.permissions,
            one.get(CARRIED, {}).get(AWS, {}),
        )
        for one in column
    )


def column_of(others: Iterable[OtherName]) -> list[dict[str, Any]]:
    """Return the column that says the same as the values."""
    return [
        {
            NAME: one.name,
            REGIONS: list(one.regions),
            PERMISSIONS: {
                READ: list(one.permissions.read),
                WRITE: list(one.permissions.write),
            },
            **({CARRIED: {AWS: one.carried}} if one.carried else {}),
        }
        for one in others
    ]
