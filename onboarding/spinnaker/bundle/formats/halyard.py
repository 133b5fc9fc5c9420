"""Halyard's accounts, and the scripts that bring hal in line with them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from onboarding.carried.fields import PERMISSIONS, carrying
from onboarding.providers.entry_kinds import AwsEntry, EcsEntry, KubernetesEntry
from onboarding.spinnaker.bundle.archive import File
from onboarding.spinnaker.bundle.contents import REMOVED, BundleAccounts
from onboarding.spinnaker.bundle.formats import hal, spring
from onboarding.spinnaker.bundle.formats.deck import settings_js
from onboarding.spinnaker.bundle.formats.hal import OURS
from onboarding.spinnaker.bundle.formats.hal.known import offers
from onboarding.spinnaker.bundle.formats.spring import clouddriver_profile, orca_yml
from onboarding.spinnaker.entries import Entries
from onboarding.spinnaker.halconfig.schema import (
    AWS_ACCOUNT,
    CLUSTER,
    ECS_ACCOUNT,
    Schema,
    holds,
    pruned,
)
from onboarding.topology import SESSION_NAME, Topology

HAL_WRITES: Mapping[str, Any] = {"lifecycleHooks": []}
"""What hal says of every account that it adds."""


def aws_account(entry: AwsEntry) -> dict[str, Any]:
    return whole(spring.aws_fields(entry), entry.carried, AWS_ACCOUNT)


def unowned(entry: AwsEntry) -> dict[str, Any]:
    """Return what hal's commands leave alone: what is carried, and a session name that
    isn't the usual one.
    """
    named = entry.session_name != SESSION_NAME
    return {**entry.carried, **({"sessionName": entry.session_name} if named else {})}


def ecs_account(entry: EcsEntry) -> dict[str, Any]:
    return whole(spring.ecs_fields(entry), entry.carried, ECS_ACCOUNT)


def kubernetes_account(entry: KubernetesEntry) -> dict[str, Any]:
    """Describe a cluster; its kubeconfig's path is relative to the bundle."""
    file = f"kubernetes/{entry.name}/kubeconfig.yml"
    account = {**spring.kubernetes_fields(entry), "kubeconfigFile": file}
    return whole(account, entry.carried, CLUSTER)


def whole(
    account: dict[str, Any], carried: Mapping[str, Any], schema: Mapping[str, Schema]
) -> dict[str, Any]:
    """Add what is carried, but for what Halyard would refuse."""
    return pruned(carrying(account, carried), schema) if carried else account


def without_place(entries: Entries) -> Iterator[tuple[str, list[str]]]:
    """Yield each account with the carried fields that hal's config does not know, or
    not with such a value.
    """
    for _, name, fields, schema in carriers(entries):
        lost = [key for key in fields if not holds(fields[key], schema.get(key))]
        if lost:
            yield name, lost


def without_option(entries: Entries) -> Iterator[tuple[str, list[str]]]:
    """Yield each account with the carried fields that hal's config knows, and hal's
    commands have no option for.
    """
    for provider, name, fields, schema in carriers(entries):
        sayable = {*offers(provider, fields), *OURS[provider]} - {PERMISSIONS}
        sayable |= {key for key in HAL_WRITES if fields.get(key) == HAL_WRITES[key]}
        held = [key for key in fields if holds(fields[key], schema.get(key))]
        if lost := [key for key in held if key not in sayable]:
            yield name, lost


def carriers(
    entries: Entries,
) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Schema]]]:
    listed: Iterable[tuple[str, Iterable[Any], Mapping[str, Schema]]] = (
        ("aws", entries.aws, AWS_ACCOUNT),
        ("ecs", entries.ecs, ECS_ACCOUNT),
        ("kubernetes", entries.kubernetes, CLUSTER),
    )
    for provider, some, schema in listed:
        for entry in some:
            is_aws = isinstance(entry, AwsEntry)
            if fields := unowned(entry) if is_aws else entry.carried:
                yield provider, entry.name, fields, schema


SOURCE = Path(__file__).parent / "hal"
MODULES = (
    "__main__.py",
    "afterwards.py",
    "arguments.py",
    "calling.py",
    "collisions.py",
    "known.py",
    "lock.py",
    "plan.py",
    "primary.py",
    "profiles.py",
    "removing.py",
    "stopping.py",
)
VERBS = ("apply", "check", "profiles", "remove")


def text_of(name: str) -> str:
    return (SOURCE / name).read_text(encoding="utf-8")


TABLE = f"OURS = {hal.OURS}\nOPTIONS = {hal.OPTIONS}\n"
SCRIPTS = (
    *(File(f"hal/{verb}.sh", text_of("verb.sh"), executable=True) for verb in VERBS),
    File("hal/bowline/__init__.py", f'"""{hal.__doc__}"""\n\n{TABLE}'),
    *(File(f"hal/bowline/{name}", text_of(name)) for name in MODULES),
)


def halyard(topology: Topology, entries: Entries) -> Iterator[File]:
    yield from SCRIPTS
    yield File("hal/accounts.yml", accounts_yml(topology, entries))
    yield from profiles(
        ("clouddriver-local.yml", "#", clouddriver_profile(topology, entries)),
        ("orca-local.yml", "#", orca_yml(entries)),
        ("settings-local.js", "//", settings_js(entries, whole=False)),
    )


def profiles(*files: tuple[str, str, str]) -> Iterator[File]:
    """Mark each profile with its own digest, by which profiles.sh knows it again."""
    for name, comment, text in files:
        if text:
            digest = hashlib.sha256(text.encode()).hexdigest()
            marked = f"{comment} bowline sha256 {digest}\n{text}"
            yield File(f"hal/profiles/{name}", marked)


def accounts_yml(topology: Topology, entries: Entries) -> str:
    """Write the accounts as hal's config has them, one a line.

    It is JSON, and so YAML too: the script's Python reads it without a YAML parser.
    """
    managing = topology.managing.account_id
    primary = next((e.name for e in entries.aws if e.account_id == managing), "")
    parts = (
        f'"primary": {json.dumps(primary)}',
        listing("aws", map(aws_account, entries.aws)),
        listing("ecs", map(ecs_account, entries.ecs)),
        listing("kubernetes", map(kubernetes_account, entries.kubernetes)),
    )
    return "{{\n{}\n}}\n".format(",\n".join(parts))


IDENTIFYING = ("name", "accountId", "awsAccount")
"""By what an account differs from another one of the same name."""


def removed(entries: Entries, before: BundleAccounts) -> Iterator[File]:
    """Write what earlier bundles had and this one has not; no file where nothing is."""
    kept = {
        "aws": {entry.name for entry in entries.aws},
        "ecs": {entry.name for entry in entries.ecs},
        "kubernetes": {entry.name for entry in entries.kubernetes},
    }
    gone = {
        provider: [a for a in before.of(provider) if a["name"] not in names]
        for provider, names in kept.items()
    }
    if not any(gone.values()):
        return
    identified = (
        listing(
            provider,
            ({k: one[k] for k in IDENTIFYING if k in one} for one in accounts),
        )
        for provider, accounts in gone.items()
    )
    yield File(REMOVED, "{{\n{}\n}}\n".format(",\n".join(identified)))


def listing(provider: str, accounts: Iterable[dict[str, Any]]) -> str:
    lines = [json.dumps(account, ensure_ascii=False) for account in accounts]
    return f'"{provider}": [' + ",".join(f"\n  {line}" for line in lines) + "\n]"
