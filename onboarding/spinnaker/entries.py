"""The accounts as Spinnaker will know them, as values and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from onboarding.details import thawed
from onboarding.names import REPLACED_RULE, BadName, replaced
from onboarding.providers.base import providers_of
from onboarding.providers.entry_kinds import AwsEntry, EcsEntry, Entry, KubernetesEntry
from onboarding.providers.external_id import denied
from onboarding.resources.entry_changes import EntryDocument
from onboarding.topology import (
    BASE_ROLE,
    MANAGED_ROLE,
    SESSION_NAME,
    Managing,
    OtherName,
    Permissions,
    Topology,
)


class WouldBeMisread(ValueError):
    """What Spinnaker would take for something else; the message names it."""


@dataclass(frozen=True, slots=True)
class Entries:
    """All accounts of an installation, each list in the topology's order."""

    aws: tuple[AwsEntry, ...] = ()
    ecs: tuple[EcsEntry, ...] = ()
    kubernetes: tuple[KubernetesEntry, ...] = ()
    base_role: str = BASE_ROLE
    managed_role: str = MANAGED_ROLE
    emptied: tuple[str, ...] = ()
    """Providers of which earlier bundles had accounts, and this one has none."""
    ec2: Mapping[str, bool] = field(default_factory=dict, compare=False)
    """The IDs of the accounts with EC2, each with whether it shares its images."""


def entries(topology: Topology) -> Entries:
    """List every entry, the managing account's own first: Halyard makes the first
    `aws` account its primary one, which bakes and which Deck proposes.
    """
    managing = topology.managing
    aws: dict[str, AwsEntry] = {}
    ecs: list[EcsEntry] = []
    kubernetes: list[KubernetesEntry] = []
    ordered = sorted(
        topology.managed, key=lambda m: m.account_id != managing.account_id
    )
    for managed in ordered:
        for provider in providers_of(managed):
            for entry in provider.entries(managing, managed):
                match entry:
                    case AwsEntry():
                        aws[entry.name] = merged(aws.get(entry.name, entry), entry)
                    case EcsEntry():
                        ecs.append(entry)
                    case cluster:
                        kubernetes.append(cluster)
        if managed.name in aws:
            for other in managed.other_names:
                aws[other.name] = by_other_name(aws[managed.name], other)
    return Entries(
        aws=tuple(aws.values()),
        ecs=tuple(ecs),
        kubernetes=tuple(kubernetes),
        base_role=managing.base_role,
        managed_role=managing.managed_role,
        ec2={
            managed.account_id: bool(getattr(details, "owns_images", False))
            for managed in topology.managed
            for details in managed.providers
            if details.key == "ec2"
        },
    )


def refuse_misread(known: Entries) -> None:
    """Raise WouldBeMisread for a text that Spinnaker would not read as itself, and for
    an ECS account without the external ID that its role requires.
    """
    ecs = {entry.name: entry.aws_account for entry in known.ecs}
    external_ids = {entry.name: entry.external_id for entry in known.aws}
    for name, why in denied(ecs, external_ids):
        raise WouldBeMisread(f"{name}: {why}")
    every: tuple[Entry, ...] = (*known.aws, *known.ecs, *known.kubernetes)
    for entry in every:
        for text in replaced(entry):
            raise WouldBeMisread(f"{entry.name}: {BadName(text, REPLACED_RULE)}")


def by_other_name(entry: AwsEntry, other: OtherName) -> AwsEntry:
    return replace(
        entry,
        name=other.name,
        regions=other.regions,
        permissions=other.permissions,
        carried=other.carried,
    )


def merged(one: AwsEntry, other: AwsEntry) -> AwsEntry:
    return replace(
        one,
        key_pair=one.key_pair or other.key_pair,
        lambda_enabled=one.lambda_enabled or other.lambda_enabled,
        launch_templates=one.launch_templates or other.launch_templates,
        cloudformation=one.cloudformation or other.cloudformation,
    )


KINDS: dict[str, type[Entry]] = {
    "aws": AwsEntry,
    "ecs": EcsEntry,
    "kubernetes": KubernetesEntry,
}
FIELDS = {kind: {field.name for field in fields(kind)} for kind in KINDS.values()}
"""Their names, of each kind: they are needed for every entry of every account."""


def entry_documents(topology: Topology) -> list[EntryDocument]:
    """Write each entry as JSON, with its place among the others where it has one."""
    known = entries(topology)
    managing = topology.managing
    owners = {one.name for one in topology.managed if managing.owns_images(one)}
    documents = [
        {"provider": provider, **thawed(entry)}
        for provider in KINDS
        for entry in getattr(known, provider)
    ]
    for document in documents:
        if not document["carried"]:
            # As before there was any: a digest of most accounts is unchanged.
            del document["carried"]
        if document.get("session_name") == SESSION_NAME:
            del document["session_name"]
        if document.get("account_id") == managing.account_id:
            document["primary_account"] = True
        if document["provider"] == "aws" and document["name"] in owners:
            document["bakes_images"] = True
    return documents


def entries_of(managing: Managing, accounts: Iterable[list[EntryDocument]]) -> Entries:
    """Read back the documents of many accounts, the managing account's own first."""
    documents = [document for account in accounts for document in account]
    documents.sort(key=lambda one: not one.get("primary_account", False))
    found: dict[str, list[Any]] = {provider: [] for provider in KINDS}
    for document in documents:
        found[document["provider"]].append(entry_of(document))
    return Entries(
        aws=tuple(found["aws"]),
        ecs=tuple(found["ecs"]),
        kubernetes=tuple(found["kubernetes"]),
        base_role=managing.base_role,
        managed_role=managing.managed_role,
    )


def are_documents(value: Any) -> bool:
    """Return whether this was written by `entry_documents`, in whatever release."""
    try:
        return isinstance(value, list) and all(entry_of(one).name for one in value)
    except (AttributeError, KeyError, TypeError):
        return False


def entry_of(document: EntryDocument) -> Entry:
    """Read one back; a field that a newer Bowline has gets its plain value."""
    kind = KINDS[document["provider"]]
    known = FIELDS[kind]
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in document.items()
        if key in known
    }
    if "permissions" in values:
        of = values["permissions"]
        values["permissions"] = Permissions(tuple(of["read"]), tuple(of["write"]))
    return kind(**values)


def are_sides(value: Any) -> bool:
    """Return whether it holds entries before and after a plan, or nothing."""
    if not isinstance(value, dict) or not value:
        return value == {}
    return all(are_documents(value.get(side)) for side in ("before", "after"))
