"""Archives of a Spinnaker's folders, such as `hal backup create` makes, as files; what
they expand to is bounded before it is read.
"""

from __future__ import annotations

import lzma
import posixpath
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import PurePosixPath

from onboarding.adopting.sources.files import BadSource, may_be_source
from onboarding.bounded_yaml import MOST_BYTES
from onboarding.names import BadName, seen

MOST_MEMBERS = 5_000
MOST_UNPACKED = MOST_BYTES * 3 // 2
LONGEST_NAME = 500
ZIP, GZIP, TAR = b"PK\x03\x04", b"\x1f\x8b", b"ustar"
ENTRY = b"PK\x01\x02"
"""Before each member in the list at the end of a ZIP."""
GZIP_WINDOW = 31
NOT_READ = "This archive can't be read."
TOO_LARGE = (
    f"This archive has more than {MOST_MEMBERS:,} members or {MOST_UNPACKED:,} bytes. "
    "Give the files that are sources."
)
TOO_LONG = f"A name in this archive has more than {LONGEST_NAME} characters."


def unpacked(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes, bool]]:
    """Yield each file with its name, and whether it was in an archive: of these, only
    what may be a source. Raise BadSource.
    """
    for path, content in files.items():
        if not is_archive(content):
            yield path, content, False
            continue
        left = MOST_UNPACKED
        for name, member in members(path, content):
            left -= len(member)
            if left < 0:
                raise BadSource(path, TOO_LARGE)
            yield f"{path}/{name}", member, True


def is_archive(content: bytes) -> bool:
    return content.startswith((ZIP, GZIP)) or content[257:262] == TAR


def members(path: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what may be a source, by its name without `..` and the like."""
    try:
        found = zipped if content.startswith(ZIP) else tarred
        yield from found(path, content)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        OSError,
        RuntimeError,
        NotImplementedError,
    ):
        raise BadSource(path, NOT_READ) from None
    except BadName as error:
        raise BadSource(path, str(error)) from None


def zipped(path: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    if content.count(ENTRY) > MOST_MEMBERS:
        raise BadSource(path, TOO_LARGE)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for one in archive.infolist():
            if not one.is_dir() and (name := wanted(path, one.filename)):
                with archive.open(one) as member:
                    yield name, member.read(MOST_UNPACKED + 1)


def tarred(path: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    if content.startswith(GZIP):
        opened = zlib.decompressobj(GZIP_WINDOW)
        content = opened.decompress(content, MOST_UNPACKED + 1)
        if len(content) > MOST_UNPACKED:
            raise BadSource(path, TOO_LARGE)
    with tarfile.open(fileobj=BytesIO(content), mode="r:") as archive:
        for count, one in enumerate(archive):
            if count == MOST_MEMBERS:
                raise BadSource(path, TOO_LARGE)
            if one.isreg() and (name := wanted(path, one.name)):
                member = archive.extractfile(one)
                yield name, member.read() if member else b""


def wanted(path: str, name: str) -> str:
    """Return a member's name; empty for what is no source. Raise BadName, BadSource."""
    inside = posixpath.normpath(f"/{name}").lstrip("/")
    if not may_be_source(PurePosixPath(inside)):
        return ""
    if len(inside) > LONGEST_NAME:
        raise BadSource(path, TOO_LONG)
    return seen(inside)
