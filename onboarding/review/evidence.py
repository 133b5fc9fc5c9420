"""Why each action is granted, and where Spinnaker's or Packer's source calls it.

evidence.json was read from the source of Spinnaker's monorepo and of Packer's plugin
for Amazon: by side, then by what is served, then by action.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

DATA = Path(__file__).with_suffix(".json")


class EvidenceSide(StrEnum):
    MANAGED = "managed"
    MANAGING = "managing"


class Served(NamedTuple):
    """An action, on which side, and the provider or feature that it serves."""

    side: EvidenceSide
    provider: str
    action: str


@dataclass(frozen=True, slots=True)
class Evidence:
    reason: str
    """One sentence for who reviews it."""
    sources: tuple[str, ...]
    """Files with a line, or an address of AWS's documentation."""
    required: bool
    """Whether something basic fails without it."""
    access: str
    """`read` or `write`, as AWS classes it."""

    @property
    def places(self) -> tuple[SourcePlace, ...]:
        return tuple(place(source) for source in self.sources)


class Repository(NamedTuple):
    """Somebody's source, at the version that was read."""

    name: str
    version: str
    """A tag, as it is called there."""

    def address(self, path: str) -> str:
        return f"https://github.com/{self.name}/blob/{self.version}/{quote(path)}"


SPINNAKER = Repository("spinnaker/spinnaker", "spinnaker-release-2026.0.1")
PACKER = Repository("hashicorp/packer-plugin-amazon", "v1.8.2")
PACKERS_FOLDER = f"packer-plugin-amazon@5028903a ({PACKER.version}): "
"""What sources begin with that are Packer's."""


class SourcePlace(NamedTuple):
    """A place in somebody's source, or an address, which has no folder."""

    folder: str
    file: str
    line: str

    @property
    def repository(self) -> Repository:
        return PACKER if self.folder.startswith(PACKERS_FOLDER) else SPINNAKER

    @property
    def name(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def path(self) -> str:
        return f"{self.folder.removeprefix(PACKERS_FOLDER)}/{self.file}".lstrip("/")

    @property
    def url(self) -> str:
        """Link to the file at the version that was read, at the first line."""
        if not self.folder:
            return self.file
        address = self.repository.address(self.path)
        line = re.match("[0-9]+", self.line)
        return f"{address}#L{line[0]}" if line else address

    @property
    def whole(self) -> SourcePlace:
        """Return the whole file."""
        return self._replace(line="")


def place(source: str) -> SourcePlace:
    if source.startswith("https:"):
        return SourcePlace("", source, "")
    where, _, line = source.removeprefix(PACKERS_FOLDER).partition(":")
    folder, _, file = where.rpartition("/")
    before = PACKERS_FOLDER if source.startswith(PACKERS_FOLDER) else ""
    return SourcePlace(before + folder, file, line)


@cache
def all_evidence() -> dict[Served, Evidence]:
    parsed = json.loads(DATA.read_text(encoding="utf-8"))
    return {
        Served(EvidenceSide(side), provider, action): Evidence(
            reason=found["reason"],
            sources=tuple(found["sources"]),
            required=found["required"],
            access=found["access"],
        )
        for side, providers in parsed.items()
        for provider, actions in providers.items()
        for action, found in actions.items()
    }


def evidence(side: EvidenceSide, provider: str, action: str) -> Evidence:
    """Find it for the provider, or else for another one of that side, which also needs
    it. Raise KeyError for an action that nobody is known to call.
    """
    found = all_evidence()
    own = found.get(Served(side, provider, action))
    others = (e for s, e in found.items() if (s.side, s.action) == (side, action))
    if evidence := own or next(others, None):
        return evidence
    raise KeyError(f"No {side} code is known to call {action}.")
