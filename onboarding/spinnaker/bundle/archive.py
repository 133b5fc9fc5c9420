"""The zip that holds a bundle: the same files, the same bytes."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable

from onboarding.spinnaker.bundle.file import File

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
