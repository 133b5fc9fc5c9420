"""hal/: scripts that bring hal in line with the accounts, and what hal cannot hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from onboarding.spinnaker.bundle.archive import File
from onboarding.spinnaker.bundle.contents import REMOVED, BundleAccounts
from onboarding.spinnaker.bundle.formats import hal
from onboarding.spinnaker.bundle.formats.hal_accounts import (
    aws_account,
    ecs_account,
    kubernetes_account,
)
from onboarding.spinnaker.bundle.formats.spring import profiles
from onboarding.spinnaker.entries import Entries
from onboarding.spinnaker.services.places import Place, Service
from onboarding.topology import Topology

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
    for service, text in profiles(topology, entries, Place.HALYARD):
        yield File(f"hal/profiles/{service.file}", marked(service, text))


def marked(service: Service, text: str) -> str:
    """Mark a profile with its own digest, by which profiles.sh knows it again."""
    comment = "//" if service is Service.DECK else "#"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{comment} bowline sha256 {digest}\n{text}"


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
