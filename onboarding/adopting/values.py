"""What was found: accounts, the settings next to them, and what to know about them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from typing import Any, NamedTuple

from onboarding.carried.secrets import Secret

AWS, ECS, KUBERNETES = PROVIDERS = ("aws", "ecs", "kubernetes")


class SourceKind(StrEnum):
    """Where accounts come from, in the order in which Spinnaker prefers them."""

    STORED = "Clouddriver's database, by Gate"
    HALCONFIG = "Halyard config"
    OPERATOR = "SpinnakerService"
    SPRING = "Clouddriver's files"
    LOADED = "accounts that Spinnaker has loaded, by Gate"


class Key(NamedTuple):
    """What identifies an account of Spinnaker."""

    type: str
    name: str


@dataclass(frozen=True, slots=True)
class EksCluster:
    """A cluster that Spinnaker's identity signs in to."""

    name: str
    region: str
    account_id: str


@dataclass(frozen=True, slots=True)
class Account:
    """An account of Spinnaker as one source has it: without secrets, defaults left out.

    What a source leaves to Spinnaker is filled in where an account needs it: regions
    and the role.
    """

    type: str
    name: str
    values: Mapping[str, Any]
    place: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    """By field, a sentence on how its value was read."""
    cluster: EksCluster | str = ""
    """What its kubeconfig leads to, or why that is no cluster to take."""
    open: tuple[str, ...] = ()
    """Fields that the source leaves to what it doesn't have: a setting of the provider,
    or a variable.
    """

    @property
    def key(self) -> Key:
        return Key(self.type, self.name)

    @property
    def is_off(self) -> bool:
        """Return whether Spinnaker skips the account, as if no source had it."""
        return self.values.get("enabled") is False

    def text(self, field: str) -> str:
        value = self.values.get(field, "")
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should know, or decide, before Bowline takes over."""

    kind: str
    says: str
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one source says."""

    kind: SourceKind
    title: str
    accounts: tuple[Account, ...] = ()
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By provider, everything next to its accounts."""
    others: Mapping[str, int] = field(default_factory=dict)
    """Providers that Bowline does not know, with the number of their accounts."""
    findings: tuple[Finding, ...] = ()


def within(value: Any, *path: str) -> Any:
    """Return what a path of keys leads to; None where it leads nowhere."""
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def as_json(value: Any) -> Any:
    """Turn a value into JSON's types, secrets into what may be kept of them."""
    match value:
        case Secret(reference=reference):
            return {"reference": reference} if reference else {"secret": True}
        case Mapping():
            return {key: as_json(inner) for key, inner in value.items()}
        case list() | tuple():
            return [as_json(inner) for inner in value]
        case float() if not isfinite(value):
            return str(value)
    return value


def value_as_text(value: Any) -> str:
    """Write a value for a line of text."""
    if isinstance(value, str | Secret):
        return str(value)
    return json.dumps(as_json(value), ensure_ascii=False, sort_keys=True)
