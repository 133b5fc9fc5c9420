"""What becomes of each field of an account, and whether that matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from onboarding.adopting.values import AWS, KUBERNETES, Account
from onboarding.carried.fields import OTHER_VERBS, carried
from onboarding.carried.secrets import holds_secret
from onboarding.carried.table import (
    BY_NAME,
    CARRIED,
    LEFT,
    OF_A_REGION,
    TAKEN,
    Row,
    Treatment,
    canonical,
)
from onboarding.names import BadName

READ_AND_WRITE = ("READ", "WRITE")

OF_ITS_REGION = {field: key for key, field in OF_A_REGION.items()} | {
    field: field for field in ("availabilityZones", "preferredZones")
}
WITHIN = {
    canonical(name): name
    for name in (
        *("defaultResult", "heartbeatTimeout", "lifecycleTransition", "name"),
        *("notificationTargetARN", "roleARN"),
        *("deployPriority", "kubernetesKind", "namespaced", "spinnakerKind"),
        *("maxEntriesPerAgent", "versioned"),
        *("kindExpressions", "omitKindExpressions"),
    )
}
"""The keys inside of fields: Spring takes every spelling, and Gate only this one."""
UNKNOWN_KEY = "Clouddriver has no such field and ignores it. Bowline keeps it, too."
UNKNOWN_VERBS = (
    "Clouddriver has no such permissions as {}, and doesn't start with them."
)
NOT_COUNTED = "It doesn't count, because the account has permissions."
NO_SECRET = "Bowline takes no secret."


@dataclass(frozen=True, slots=True)
class FieldVerdict:
    """What becomes of a field."""

    field: str
    treatment: Treatment
    value: Any
    says: str = ""
    """Why it is not taken, or what becomes of it."""
    matters: bool = False
    """Whether the account stays where it is because of it."""
    note: str = ""
    """How its value was read."""


def refused_name(
    field: str, value: str, rule: Callable[[str], str]
) -> Iterator[tuple[str, str]]:
    """Yield the field and why its value cannot be a name in Bowline."""
    try:
        rule(value)
    except BadName as error:
        yield field, str(error)


def verdicts(
    account: Account, refused: Iterable[tuple[str, str]]
) -> Iterator[FieldVerdict]:
    """Judge each field; of those that are refused, the missing ones, too."""
    why = dict(refused)
    for name in sorted(why.keys() - account.values.keys()):
        yield FieldVerdict(name, LEFT, None, why[name], matters=True)
    for name, value in account.values.items():
        treatment, says, matters = judged(account, name, why.get(name, ""))
        note = account.notes.get(name, "")
        yield FieldVerdict(name, treatment, value, says, matters, note)


def judged(account: Account, name: str, refused: str) -> tuple[Treatment, str, bool]:
    """Return what becomes of a field, why, and whether that matters."""
    row = BY_NAME[account.type].get(name)
    value = account.values[name]
    if refused:
        return LEFT, refused, True
    if row is None or row.treatment is CARRIED:
        return carried_or_left(account, name, row)
    if row.treatment is TAKEN:
        if holds_secret(value) and name != "kubeconfigContents":
            return LEFT, NO_SECRET, True
        if others := other_verbs(name, value):
            return LEFT, UNKNOWN_VERBS.format(" and ".join(others)), True
    return row.treatment, row.sentence, False


def carried_or_left(
    account: Account, name: str, row: Row | None
) -> tuple[Treatment, str, bool]:
    """Carry a field that Bowline doesn't own; leave one that it must not keep."""
    wrong = uncarried(account, name)
    if row is None:
        return (LEFT, wrong, False) if wrong else (CARRIED, UNKNOWN_KEY, False)
    if wrong:
        return LEFT, wrong, True
    if name == "requiredGroupMembership" and account.values.get("permissions"):
        return CARRIED, NOT_COUNTED, False
    return CARRIED, row.sentence, False


def uncarried(account: Account, name: str) -> str:
    """Say why Bowline must not carry a field; empty where it can."""
    if holds_secret(account.values[name]):
        return NO_SECRET
    fields = remainder(account, [name])
    said = {account.name: fields} if account.type == KUBERNETES else fields
    try:
        carried({account.type: said})
    except ValueError as error:
        return str(error)
    return ""


def remainder(account: Account, names: Iterable[str]) -> dict[str, Any]:
    """Return these fields as they are carried: Clouddriver's own spelling, and what
    regions have with the regions.
    """
    found: dict[str, Any] = {}
    regions: dict[str, dict[str, Any]] = {}
    for name in names:
        value = account.values[name]
        key = OF_ITS_REGION.get(name, "")
        if key and account.type == AWS and isinstance(value, Mapping):
            for region, inner in value.items():
                regions.setdefault(region, {"name": region})[key] = inner
        else:
            found[name] = respelled(value)
    permissions = account.values.get("permissions", {})
    if verbs := {
        verb: permissions[verb] for verb in OTHER_VERBS if verb in permissions
    }:
        found["permissions"] = verbs
    if regions:
        found["regions"] = [regions[name] for name in sorted(regions)]
    return found


def respelled(value: Any) -> Any:
    match value:
        case Mapping():
            return {
                WITHIN.get(canonical(key), key): respelled(inner)
                for key, inner in value.items()
            }
        case list():
            return [respelled(one) for one in value]
    return value


def other_verbs(name: str, value: Any) -> list[str]:
    if name != "permissions" or not isinstance(value, Mapping):
        return []
    known = (*READ_AND_WRITE, *OTHER_VERBS)
    return [verb for verb in value if verb not in known]
