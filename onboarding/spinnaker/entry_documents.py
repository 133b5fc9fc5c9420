"""Entries as JSON, to be planned, approved and kept; and back again. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from onboarding.providers.entry_kinds import AwsEntry, EcsEntry, Entry, KubernetesEntry
from onboarding.resources.entry_changes import EntryDocument
from onboarding.spinnaker.entries import Entries, entries
from onboarding.topology import SESSION_NAME, Managing, Permissions, Topology

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
    documents = [
        {"provider": provider, **jsonable(asdict(entry))}
        for provider in KINDS
        for entry in getattr(known, provider)
    ]
    for document in documents:
        if not document["carried"]:
            # As before there was any: a digest of most accounts is unchanged.
            del document["carried"]
        if document.get("session_name") == SESSION_NAME:
            del document["session_name"]
        if document.get("account_id") == topology.managing.account_id:
            document["primary_account"] = True
        if document["provider"] == "aws" and document["name"] == known.bake_account:
            document["bakes_images"] = True
    return documents


def jsonable(value: Any) -> Any:
    match value:
        case dict():
            return {key: jsonable(inner) for key, inner in value.items()}
        case tuple():
            return [jsonable(inner) for inner in value]
    return value


def entries_of(managing: Managing, accounts: Iterable[list[EntryDocument]]) -> Entries:
    """Read back the documents of many accounts, the managing account's own first."""
    documents = [document for account in accounts for document in account]
    documents.sort(key=lambda one: not one.get("primary_account", False))
    found: dict[str, list[Any]] = {provider: [] for provider in KINDS}
    for document in documents:
        found[document["provider"]].append(entry_of(document))
    baking = [one["name"] for one in documents if one.get("bakes_images")]
    owner = managing.ami_owner
    return Entries(
        aws=tuple(found["aws"]),
        ecs=tuple(found["ecs"]),
        kubernetes=tuple(found["kubernetes"]),
        bake_account=owner if owner in baking else "".join(baking[:1]),
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
