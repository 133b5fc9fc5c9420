"""Files of a Spinnaker: where each is, and where Clouddriver finds it."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

from onboarding.adopting.sources.documents import Document
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
