"""Files of a Spinnaker, from folders, archives or a running Gate."""

from __future__ import annotations

import lzma
import posixpath
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import PurePosixPath

from onboarding.adopting.sources.documents import Document
from onboarding.adopting.values import PROVIDERS
from onboarding.bounded_yaml import MOST_BYTES
from onboarding.delivery.gate import Gate, listing
from onboarding.delivery.transport import GateError, Kind, Request
from onboarding.names import BadName, seen
from onboarding.spinnaker.halconfig.tree import Node

MAIN_FOLDERS = ("", "files", "profiles", "config")
"""Where a service's own file is. In any other folder, it is above that one."""
SUFFIXES = (".yml", ".yaml", ".json", ".conf", ".kubeconfig", "")
PROPERTIES = re.compile(r"(clouddriver|spinnaker)(-[\w.-]+)?\.properties")
"""Files that Clouddriver reads and Bowline doesn't: they are named."""
PASSED_BY = ("history", "service-logs", "node_modules")
"""Folders that hold no source."""
STAGING, PROFILES = "staging", "profiles"
"""What Halyard wrote of the config is in `staging` and isn't read again, but a
deployment may have that name: then its profiles are in there.
"""
HAL = ".hal"


class BadSource(ValueError):
    """A source that cannot be read: which, and why."""

    def __init__(self, path: str, sentence: str) -> None:
        super().__init__(f"{path}: {sentence}")


def is_passed_by(folder: str) -> bool:
    return folder in PASSED_BY or (folder.startswith(".") and folder != HAL)


def may_be_source(path: PurePosixPath) -> bool:
    """Return whether a file of a folder is read, by its path in there."""
    for folder, below in pairwise(path.parts):
        if is_passed_by(folder) or (folder == STAGING and below != PROFILES):
            return False
    is_read = path.suffix in SUFFIXES or bool(PROPERTIES.fullmatch(path.name))
    return is_read and not path.name.startswith(".")


@dataclass(frozen=True, slots=True)
class File:
    """A file with its documents."""

    path: str
    documents: tuple[Document, ...]

    @property
    def root(self) -> Node:
        return self.documents[0].root

    @property
    def place(self) -> PurePosixPath:
        """Return the path without `./`, `..` and the other system's separators."""
        return PurePosixPath(posixpath.normpath(self.path.replace("\\", "/")))

    @property
    def folder(self) -> PurePosixPath:
        return self.place.parent

    @property
    def name(self) -> str:
        return self.place.name


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file as Clouddriver finds it in its folder for configuration."""

    path: str
    """As the report names it."""
    name: str
    folder: str
    """Empty for the folder itself, or which folder below it."""
    documents: tuple[Document, ...]


def config_file(file: File, *, is_main: bool = False) -> ConfigFile:
    folder = "" if is_main or file.folder.name in MAIN_FOLDERS else str(file.folder)
    return ConfigFile(file.path, file.name, folder, file.documents)


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


MOST_STORED = 100_000
LOADED = "/credentials?expand=true"
UNLISTED = (Kind.STORAGE_OFF, Kind.DENIED)
"""Why nothing stored is listed, though what is loaded may be."""


def answers(gate: Gate) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return each answer by its path, and why an answer is missing; raise GateError."""
    found: dict[str, bytes] = {}
    missing: list[str] = []
    for type_ in PROVIDERS:
        path = f"/credentials/type/{type_}?limit={MOST_STORED}"
        try:
            found[path] = gate.ask(Request("GET", path), listing(type_)).body
        except GateError as error:
            if error.kind not in UNLISTED:
                raise
            missing.append(str(error))
    doing = "list what Spinnaker has loaded"
    found[LOADED] = gate.ask(Request("GET", LOADED), doing).body
    return found, tuple(missing)
