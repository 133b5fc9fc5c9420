"""The zip that holds a bundle: its files, its manifest, the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from onboarding import VERSION
from onboarding.topology import Topology


@dataclass(frozen=True, slots=True)
class File:
    """One file of a bundle; its path is relative to the bundle's folder."""

    path: str
    text: str
    executable: bool = False

    @property
    def content(self) -> bytes:
        return self.text.encode()


def manifest(
    topology: Topology, states: Mapping[str, str], files: Iterable[File]
) -> File:
    managing = topology.managing
    accounts = [
        {
            "name": managed.name,
            "account_id": managed.account_id,
            "providers": [provider.key for provider in managed.providers],
            "state": states[managed.name],
        }
        for managed in topology.managed
    ]
    value = {
        "bowline": VERSION,
        "managing": {
            "name": managing.name,
            "account_id": managing.account_id,
            "identity": managing.identity_arn,
        },
        "accounts": accounts,
        "files": file_list(files),
    }
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return File("manifest.json", text)


EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip can tell; a real one would differ at every build."""
UNIX = 3
PLAIN, EXECUTABLE = 0o100644, 0o100755


def zipped(files: Iterable[File]) -> bytes:
    """Pack the files in their order; the zip does not say when or by whom."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in files:
            info = zipfile.ZipInfo(file.path, date_time=EARLIEST)
            info.create_system = UNIX
            info.external_attr = (EXECUTABLE if file.executable else PLAIN) << 16
            archive.writestr(info, file.content, zipfile.ZIP_DEFLATED, compresslevel=6)
    return buffer.getvalue()


def file_list(files: Iterable[File]) -> list[dict[str, str | int]]:
    """Name each file with its size in bytes and its SHA-256."""
    return [
        {
            "path": file.path,
            "size": len(content := file.content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        for file in files
    ]
