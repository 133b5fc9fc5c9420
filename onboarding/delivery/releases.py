"""Which Spinnaker loads accounts from its database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple


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
