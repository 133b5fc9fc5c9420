"""What becomes of each field of an account, and whether that matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from onboarding.adopting.accounts.fields import (
    BY_NAME,
    CARRIED,
    LEFT,
    LOST,
    TAKEN,
    Treatment,
)
from onboarding.adopting.values import Account
from onboarding.carried.secrets import holds_secret
from onboarding.names import BadName

READ_AND_WRITE = ("READ", "WRITE")
PRIMARY_TYPE = "default"
"""The account type that Clouddriver takes for a primary account's by default."""

UNKNOWN_KEY = "Clouddriver has no such field and ignores it."
OTHER_VERBS = (
    "Bowline knows READ and WRITE. The permissions {} would be lost, and where there "
    "are no others, everyone could use the account."
)
NOT_COUNTED = "It doesn't count, because the account has permissions."
MARKS_PRIMARY = (
    "Clouddriver takes accounts of this type for primary accounts, and Bowline would "
    "write another type."
)
NO_SECRET = "Bowline takes no secret."


@dataclass(frozen=True, slots=True)
class FieldVerdict:
    """What becomes of a field."""

    field: str
    treatment: Treatment
    value: Any
    says: str = ""
    """What a loss does, or why it is not taken."""
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
    if row is None:
        return CARRIED, UNKNOWN_KEY, False
    if row.treatment is TAKEN:
        if holds_secret(value) and name != "kubeconfigContents":
            return LEFT, NO_SECRET, True
        if others := other_verbs(name, value):
            return LOST, OTHER_VERBS.format(" and ".join(others)), True
    if row.treatment is LOST:
        if name == "requiredGroupMembership" and account.values.get("permissions"):
            return LOST, NOT_COUNTED, False
        if name == "accountType" and value == PRIMARY_TYPE:
            return LOST, MARKS_PRIMARY, True
    return row.treatment, row.says, row.treatment is LOST and row.matters


def other_verbs(name: str, value: Any) -> list[str]:
    if name != "permissions" or not isinstance(value, Mapping):
        return []
    return [verb for verb in value if verb not in READ_AND_WRITE]
