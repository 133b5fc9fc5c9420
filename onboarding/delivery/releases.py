"""Which Spinnaker loads accounts from its database, and what its operator
switches on once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from onboarding.carried.table import KINDS
from onboarding.spinnaker.bundle.formats.spring import joined, regions
from onboarding.spinnaker.bundle.yaml_text import Value, block, comment_lines
from onboarding.topology import SESSION_NAME, Managing


class Release(NamedTuple):
    """A release of Spinnaker, like 2025.3; patches differ in nothing that counts."""

    year: int
    minor: int

    @classmethod
    def of(cls, text: str) -> Release:
        """Read 2025.3 or 2025.3.1; 1.28 and its like are older than all of these."""
        found = re.fullmatch(r"(\d{1,4})\.(\d{1,3})(\.\d+)?", text.strip(), re.ASCII)
        if not found:
            raise ValueError("A release looks like 2025.3 or 2025.3.1.")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.year}.{self.minor}"


LOADS_SINCE = {
    "aws": Release(2025, 2),
    "ecs": Release(2025, 3),
    "kubernetes": Release(0, 0),
}
"""Older releases accept some of them, and never load them."""
API_TOKENS_SINCE = Release(2026, 2)
ON_BY_DEFAULT_SINCE = Release(2026, 3)
ECS_ALONE_FAILS_SINCE = Release(2026, 3)
"""Before, one ECS account without its AWS account stops the loading of all."""

ECS_WARNING = (
    "Up to Spinnaker 2026.2, one ECS account whose AWS account isn't loaded stops all "
    "ECS accounts from loading, and stops Clouddriver's start. Bowline delivers an ECS "
    "account only after its AWS account is loaded."
)


def refusal(type_: str, release: Release) -> str:
    """Say why this release cannot have accounts of the type; empty where it can."""
    since = LOADS_SINCE[type_]
    if release >= since:
        return ""
    return f"Spinnaker {release} doesn't load stored {type_} accounts: {since} does."


def warnings(types: Iterable[str], release: Release) -> Iterator[str]:
    if "ecs" in types and release < ECS_ALONE_FAILS_SINCE:
        yield ECS_WARNING


ONCE = """
Add this to clouddriver-local.yml once, and restart Clouddriver. Accounts are then
stored in its database, and loaded while it runs.
A list that is written here hides those of other files.
"""
DEFAULT_ROLE = """
Needed at start: without it, stored accounts are loaded without assuming any role.
"""

LISTS = """
Needed where no other file has such a list, as with spinnaker-kustomize: without it,
nothing is loaded.
"""


def switches(managing: Managing, *, period: int = 30) -> str:
    """Write the file; `period` is the seconds between two polls."""
    storage: dict[str, Value] = {type_: {"enabled": True} for type_ in KINDS}
    polls: Value = {"default": {"reloadFrequencyMs": period * 1000}}
    short = f"role/{managing.managed_role}"
    template = managing.managed_role_arn("{{accountId}}")
    home = regions([managing.aws.home_region])
    elsewhere = managing.partition != "aws"
    aws: dict[str, Value] = {
        "enabled": True,
        "defaultAssumeRole": short if managing.partition == "aws" else template,
        "defaultSessionName": SESSION_NAME,
        **({"defaultRegions": home} if elsewhere else {}),
        "features": {"lambda": {"enabled": True}},
    }
    lines = [
        *comment_lines(ONCE),
        *block({"sql": {"enabled": True}}),
        *block({"account": {"storage": {"enabled": True, **storage}}}),
        *block({"credentials": {"poller": {"enabled": True, "types": polls}}}),
        *comment_lines(DEFAULT_ROLE),
        *block({"aws": aws}),
        *excluded({"accounts": [], **({} if elsewhere else {"defaultRegions": home})}),
        *block({"ecs": {"enabled": True}}),
        *excluded({"accounts": []}),
        *block({"kubernetes": {"enabled": True}}),
    ]
    return joined(lines)


def excluded(lists: Value) -> Iterator[str]:
    """Yield lists as comments: to be taken in by whoever needs them."""
    yield from (f"  {line}" for line in comment_lines(LISTS))
    yield from (f"  # {line}" for line in block(lists))
