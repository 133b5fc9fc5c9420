"""Which of Clouddriver's files count, and in which order: those of the table, and no
others. What Spring would layer by profiles and imports is refused, with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import PurePosixPath
from typing import NamedTuple

from onboarding.adopting.sources.documents import text_of
from onboarding.adopting.sources.files import BadSource, ConfigFile
from onboarding.adopting.sources.properties import (
    Properties,
    compared,
    elements,
    properties_of,
)
from onboarding.adopting.sources.variables import LONGEST_NAME
from onboarding.adopting.values import Finding
from onboarding.bounded_yaml import BadYaml
from onboarding.names import short
from onboarding.spinnaker.halconfig.tree import Node, Scalar, Table

STEMS = ("spinnaker", "clouddriver")
SPRING_FILE = re.compile(r"(clouddriver|spinnaker)(-[\w.-]+)?\.ya?ml")
OTHER = "other"
"""A file of any name that somebody named as Clouddriver's."""
ORDER = (
    ("spinnaker", "main"),
    ("spinnaker", "below"),
    ("clouddriver", "below"),
    ("clouddriver", "main"),
    (OTHER, ""),
    ("spinnaker-local", "main"),
    ("clouddriver-local", "main"),
    ("spinnaker-local", "below"),
    ("clouddriver-local", "below"),
)
"""Files by name, in Clouddriver's folder or in one below it: the last one wins. Of one
row, `.yml` wins over `.yaml`, and then the last folder.
"""
ACTIVE = ("test", "composite")
"""Profiles that are active in one Clouddriver, and not in another."""
IMPORT_OF_KUSTOMIZE = "optional:file:/opt/spinnaker/config/*/"
"""What kustomize's spinnaker.yml imports: the rows of the table that are below it."""

LAYERS = (("spring", "config"), ("spring", "profiles"))
IMPORT = ("spring", "config", "import")
ELEMENTS = len(IMPORT)
SERVER = ("spring", "cloud", "config")
CONDITIONS = (("spring", "profiles"), ("spring", "config", "activate", "onprofile"))
PROFILE = re.compile(r"[\w-]+")

INSTEAD = (
    "connect Gate: Bowline then reads what Spinnaker has loaded; or upload the files "
    "that Clouddriver was started with, without profiles."
)
LAYERED = "{}, Bowline doesn't follow {}; {}"
FOR_PROFILE = "Bowline doesn't follow the Spring profile {} of this file; {}"
NOT_ACTIVE = "{} counts only while its Spring profile is active. It isn't read."
CONFIG_SERVER = (
    "{} names a config server of Spring Cloud. Accounts that come from there aren't in "
    "this report: compare with what Gate has loaded."
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document that counts."""

    path: str
    read: Properties
    root: Node
    """As it is written."""


class Place(NamedTuple):
    """Where a file comes in the order."""

    row: int
    suffix: str = ""
    folder: str = ""


def loaded(files: Sequence[ConfigFile]) -> tuple[list[Loaded], list[Finding]]:
    """Return the documents of one Clouddriver, the lowest first, and what isn't read;
    raise BadSource.
    """
    placed: list[tuple[Place, ConfigFile]] = []
    findings: dict[Finding, None] = {}
    for file in files:
        if any(names_config_server(one.root) for one in file.documents):
            says = CONFIG_SERVER.format(file.path)
            findings[Finding("config-server", says)] = None
        place = place_of(file)
        if place is None:
            says = NOT_ACTIVE.format(file.path)
            findings[Finding("profile-not-read", says)] = None
        else:
            placed.append((place, file))
    placed.sort(key=itemgetter(0))
    return [one for _, file in placed for one in documents_of(file)], [*findings]


def place_of(file: ConfigFile) -> Place | None:
    """Return the file's place; None if it is for a profile of other Clouddrivers."""
    if not SPRING_FILE.fullmatch(file.name):
        return Place(ORDER.index((OTHER, "")))
    path = PurePosixPath(file.name)
    profile = path.stem.partition("-")[2]
    if profile in ACTIVE:
        raise BadSource(file.path, FOR_PROFILE.format(profile, INSTEAD))
    row = (path.stem, "below" if file.folder else "main")
    if row not in ORDER:
        return None
    return Place(ORDER.index(row), path.suffix, file.folder)


def documents_of(file: ConfigFile) -> Iterator[Loaded]:
    """Yield the documents that say something; raise BadSource."""
    roots = [one.root for one in file.documents if not is_empty(one.root)]
    for root in roots:
        if is_condition(root):
            continue
        for name, key, node in below(root, LAYERS):
            if not (root is roots[-1] and is_import_of_kustomize(file, name, node)):
                named = short(".".join(name[:ELEMENTS]))
                says = LAYERED.format(in_line(key.line), named, INSTEAD)
                raise BadSource(file.path, says)
        try:
            yield Loaded(file.path, properties_of(root), root)
        except BadYaml as error:
            raise BadSource(file.path, str(error)) from None


def below(
    root: Node, starts: Sequence[tuple[str, ...]], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Scalar, Node]]:
    """Yield each property that begins so: its name, the key, and the value, however
    its key is divided and spelled.
    """
    for key, node in root.pairs.values() if isinstance(root, Table) else ():
        name = (*path, *names_in(key))
        if not any(name[: len(start)] == start[: len(name)] for start in starts):
            continue
        if isinstance(node, Table) and node.pairs and len(name) < ELEMENTS:
            yield from below(node, starts, name)
        elif any(name[: len(start)] == start for start in starts):
            yield name, key, node


def names_in(key: Scalar) -> Iterator[str]:
    """Yield the elements of a key as Spring compares them: by letters and digits; a
    longer key than those that are read has none.
    """
    for element in elements(key) if len(key.text) <= LONGEST_NAME else ():
        if name := compared(element):
            yield name


def is_condition(root: Node) -> bool:
    """Return whether a document has nothing but the profile that it is for, as two of
    Clouddriver's own file.
    """
    name: tuple[str, ...] = ()
    while isinstance(root, Table) and len(root.pairs) == 1:
        ((key, root),) = root.pairs.values()
        name = (*name, *names_in(key))
    is_text = isinstance(root, Scalar) and PROFILE.fullmatch(text_of(root))
    return name in CONDITIONS and bool(is_text)


def is_import_of_kustomize(file: ConfigFile, name: tuple[str, ...], node: Node) -> bool:
    return (
        name == IMPORT
        and file.name == "spinnaker.yml"
        and isinstance(node, Scalar)
        and text_of(node) == IMPORT_OF_KUSTOMIZE
    )


def in_line(line: int) -> str:
    """Say where it is; JSON is read without lines."""
    return f"In line {line}" if line else "In this file"


def names_config_server(root: Node) -> bool:
    return any(True for _ in below(root, (SERVER,)))


def is_empty(root: Node) -> bool:
    return isinstance(root, Scalar) and not text_of(root)
