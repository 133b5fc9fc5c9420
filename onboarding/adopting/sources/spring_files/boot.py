"""Which of Spring's files and documents count, and in which order: as Spring Boot's
ConfigDataEnvironment finds out.

Documents form a tree: what a document imports is below it, and above it in what counts.
Files for a profile are read after all others, and win.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from onboarding.adopting.sources.documents import text_of
from onboarding.adopting.sources.files import MAIN_FOLDERS, BadSource, ConfigFile
from onboarding.adopting.sources.properties import (
    Lookup,
    Properties,
    properties_of,
)
from onboarding.adopting.sources.spring_files.activation import (
    Activation,
    Malformed,
    activation_of,
    active_profiles,
    imports_of,
    names_config_server,
    spring_of,
)
from onboarding.adopting.sources.variables import nothing
from onboarding.adopting.values import Finding
from onboarding.bounded_yaml import BadYaml
from onboarding.carried.secrets import looks_secret
from onboarding.names import one_line, short
from onboarding.spinnaker.halconfig.tree import Node, Scalar, Table

STEMS = ("spinnaker", "clouddriver")
"""The later one wins."""
SUFFIXES = (".yaml", ".yml")
SPRING_FILE = re.compile(r"(clouddriver|spinnaker)(-[\w.-]+)?\.ya?ml")
BELOW = "optional:*/"
"""What kustomize's spinnaker.yml imports."""
MOST_IMPORTS = 100
START_FAILS = "start-fails"
OF_PROFILES = ("include", "active", "default")
SCHEME = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]+:")
NO_FILE = ConfigFile("", "", "", ())
NO_KEYS = Properties(Table({}))

REFUSED = "Clouddriver doesn't start with {}: {}."
NOT_ACTIVE = (
    "A document of {} counts only while its Spring profile is active. It isn't read."
)
NOT_IMPORTED = "{} isn't read: nothing imports it from where it is."
NOT_SHOWN = "an address that isn't shown"
FILE_NOT_ACTIVE = "{} counts only while its Spring profile is active. It isn't read."
ON_PLATFORM = "A document of {} counts only on the cloud platform {}. It isn't read."
PROFILES_SET = (
    "A file sets Spring's active profiles, and these count: {}. Where Clouddriver has "
    "the environment variable SPRING_PROFILES_ACTIVE, that one counts."
)
ELSEWHERE = (
    "{} imports {}, which is in no file. Accounts that come from there aren't in this "
    "report: compare with what Gate has loaded."
)
MISSING = (
    "{} imports {}, which isn't among the sources. Give that file, too: what it says "
    "would win."
)
TOO_MANY_IMPORTS = (
    f"The files import more than {MOST_IMPORTS} times. The rest isn't read."
)
CONFIG_SERVER = (
    "{} names a config server of Spring Cloud. Accounts that come from there aren't in "
    "this report: compare with what Gate has loaded."
)


@dataclass(eq=False, slots=True)
class BootDocument:
    """A document with what it imports, before and after profiles are known."""

    file: ConfigFile
    number: int
    read: Properties
    when: Activation
    is_specific: bool = False
    """Whether it was found by the name of a profile."""
    moves: bool = False
    """Whether it still goes to the files for profiles of the whole."""
    imported: dict[bool, list[BootDocument]] = field(default_factory=dict)
    """By whether profiles were known."""

    def __iter__(self) -> Iterator[BootDocument]:
        """Yield what it imports and itself, what wins first."""
        for phase in (True, False):
            for one in self.imported.get(phase, ()):
                yield from one
        yield self


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document that counts."""

    path: str
    read: Properties
    root: Node
    """As it is written."""


class Loading:
    """Loads the files of one Clouddriver."""

    def __init__(
        self, files: Sequence[ConfigFile], loose: Sequence[ConfigFile] = ()
    ) -> None:
        """Take the files of its folder, and others, which may be imported; of two files
        with the same place, the later one wins.
        """
        self.files = files
        self.by_place: dict[tuple[str, str], list[ConfigFile]] = {}
        self.by_name: dict[str, list[ConfigFile]] = {}
        for one in self.files:
            self.by_place.setdefault((one.folder, one.name), []).append(one)
        for one in (*self.files, *loose):
            self.by_name.setdefault(one.name, []).append(one)
        self.folders = tuple(sorted({one.folder for one in self.files if one.folder}))
        self.active: tuple[str, ...] | None = None
        self.used: set[int] = set()
        self.imports = 0
        self.lookup = Lookup(self.lasting())
        """Finds the value of a variable in a condition."""
        self.findings: dict[Finding, None] = {}
        self.root = BootDocument(NO_FILE, 0, NO_KEYS, Activation())

    def run(self) -> list[Loaded]:
        """Return the documents that count, the lowest first."""
        self.load()
        self.import_all()
        self.activate()
        self.import_all()
        found = [one for name in self.active or () for one in self.found(STEMS, name)]
        self.root.imported[True] = self.parts(found, is_specific=True)
        move_specific(self.root.imported)
        self.import_all()
        parts = [one for one in self.root if one.file is not NO_FILE]
        for one in parts:
            self.check(one)
        self.note_files()
        return [
            Loaded(one.file.path, one.read, one.file.documents[one.number].root)
            for one in reversed(parts)
            if self.counts(one)
        ]

    def load(self) -> None:
        """Read the files that are for no profile."""
        parts = self.parts([*self.found(STEMS), *self.others()])
        if self.folders and not any(
            is_below(location) for one in parts for location in one.when.imports
        ):
            lowest = [one.file.name.startswith(STEMS[0]) for one in parts]
            place = lowest.index(True) if True in lowest else len(parts)
            below = BootDocument(NO_FILE, 0, NO_KEYS, Activation(imports=(BELOW,)))
            parts.insert(place, below)
        self.root.imported[False] = parts

    def others(self) -> Iterator[ConfigFile]:
        """Yield files of any name that somebody named as Clouddriver's, unless another
        file imports them.
        """
        imported = {
            PurePosixPath(location).stem
            for file in self.files
            for one in file.documents
            for location in imports_of(one.root)
        }
        for one in self.files:
            stem = PurePosixPath(one.name).stem
            is_imported = stem in imported or any(
                stem.startswith(f"{name}-") for name in imported
            )
            if not (SPRING_FILE.fullmatch(one.name) or is_imported):
                yield one

    def found(
        self,
        stems: Sequence[str],
        profile: str = "",
        folders: Sequence[str] = ("",),
    ) -> Iterator[ConfigFile]:
        """Yield the files of these names, the lowest first."""
        end = f"-{profile}" if profile else ""
        for stem in stems:
            for suffix in SUFFIXES:
                for folder in folders:
                    name = f"{stem}{end}{suffix}"
                    yield from self.by_place.get((folder, name), ())

    def parts(
        self, files: Iterable[ConfigFile], *, is_specific: bool = False
    ) -> list[BootDocument]:
        """Return the documents of files that weren't read before, what wins first."""
        found: list[BootDocument] = []
        for file in reversed([*files]):
            if id(file) in self.used:
                continue
            self.used.add(id(file))
            for number in reversed(range(len(file.documents))):
                root = file.documents[number].root
                if not is_empty(root):
                    read = self.read(file, root)
                    when = activation_of(read, self.lookup)
                    part = BootDocument(
                        file, number, read, when, is_specific, is_specific
                    )
                    found.append(part)
        return found

    def read(self, file: ConfigFile, root: Node) -> Properties:
        try:
            return properties_of(root)
        except BadYaml as error:
            raise BadSource(file.path, str(error)) from None

    def lasting(self) -> Iterator[Node]:
        """Yield the documents that always count, what wins first."""
        for file in reversed([*self.others(), *self.found(STEMS)]):
            for one in reversed(file.documents):
                if activation_of(spring_of(one.root), nothing).is_always:
                    yield one.root

    def import_all(self) -> None:
        """Read what documents that count import, until nothing is left."""
        phase = self.active is not None
        while part := next((one for one in self.root if self.imports_more(one)), None):
            self.imports += 1
            found: list[BootDocument] = []
            for location in reversed(part.when.imports):
                for profile in reversed(("", *(self.active or ()))):
                    files = self.resolved(part, location, profile)
                    found += self.parts(files, is_specific=bool(profile))
            part.imported[phase] = found
            if phase:
                move_specific(part.imported)

    def imports_more(self, part: BootDocument) -> bool:
        is_new = (self.active is not None) not in part.imported
        if not (part.when.imports and is_new and self.counts(part)):
            return False
        if self.imports < MOST_IMPORTS:
            return True
        self.note("import-not-followed", TOO_MANY_IMPORTS)
        return False

    def resolved(
        self, part: BootDocument, location: str, profile: str
    ) -> list[ConfigFile]:
        """Return the files that an import names, and note one that isn't here."""
        name = location.removeprefix("optional:").removeprefix("resource:")
        # A relative path after `file:` is relative to where Clouddriver was started.
        is_here = not name.startswith(("file:.", "file:*"))
        name = name.removeprefix("file:")
        if SCHEME.match(name):
            kind = "config-server" if "config" in name else "import-not-followed"
            self.note(kind, ELSEWHERE.format(part.file.path, shown_text(location)))
            return []
        if name.endswith("/"):
            folders = self.folders if is_below(location) else self.named_folders(name)
            found = [*self.found(STEMS, profile, folders)]
            is_known = bool(folders)
        else:
            found = self.named_files(part.file, name, profile) if is_here else []
            is_known = bool(found)
        if not (profile or is_known):
            self.note(
                "import-missing", MISSING.format(part.file.path, shown_text(name))
            )
        return found

    def named_folders(self, name: str) -> list[str]:
        last = PurePosixPath(name).name
        found = [one for one in self.folders if PurePosixPath(one).name == last]
        return found or ([""] if last in MAIN_FOLDERS else [])

    def named_files(
        self, importing: ConfigFile, name: str, profile: str
    ) -> list[ConfigFile]:
        path = PurePosixPath(posixpath.normpath(name))
        if profile:
            path = path.with_name(f"{path.stem}-{profile}{path.suffix}")
        here = PurePosixPath(importing.path).parent / path
        everything = self.by_name.get(path.name, [])
        exact = [one for one in everything if PurePosixPath(one.path) == here]
        beside = [one for one in everything if one.folder == importing.folder]
        for some in (exact, beside, everything):
            if len(some) == 1:
                return some
        return []

    def activate(self) -> None:
        """Find out which profiles are active: what counts only for a profile must not
        say so.
        """
        parts = [one for one in self.root if one.file is not NO_FILE]
        always = [one for one in parts if one.when.is_always]
        reads = [one.read for one in always]
        self.active, is_set = active_profiles(reads, self.lookup)
        for one in parts:
            if not one.when.is_always:
                self.refuse_keys(one, (*OF_PROFILES, "group"))
        if is_set:
            names = ", ".join(map(shown_text, self.active))
            self.note("profiles-set", PROFILES_SET.format(names))

    def counts(self, part: BootDocument) -> bool:
        if self.active is None:
            return part.when.is_always
        try:
            return part.when.counts(self.active)
        except Malformed:
            self.refuse(part, "an expression of Spring profiles is malformed")
            return False

    def check(self, part: BootDocument) -> None:
        """Note what Boot refuses of a document, and one that doesn't count."""
        if part.when.refused:
            self.refuse(part, part.when.refused)
        if part.is_specific:
            self.refuse_keys(part, OF_PROFILES)
        if part.when.platform:
            says = ON_PLATFORM.format(part.file.path, shown_text(part.when.platform))
            self.note("profile-not-read", says)
        elif not self.counts(part):
            self.note("profile-not-read", NOT_ACTIVE.format(part.file.path))

    def refuse_keys(self, part: BootDocument, keys: Iterable[str]) -> None:
        for key in keys:
            if part.read.at("spring", "profiles", key) is not None:
                self.refuse(part, f"spring.profiles.{key} is in a part for a profile")

    def refuse(self, part: BootDocument, why: str) -> None:
        self.note(START_FAILS, REFUSED.format(part.file.path, why))

    def note(self, kind: str, says: str) -> None:
        self.findings[Finding(kind, says)] = None

    def note_files(self) -> None:
        """Note files that nothing reads, and what they say of other sources."""
        for file in self.files:
            if id(file) not in self.used:
                is_spring = SPRING_FILE.fullmatch(file.name)
                says = FILE_NOT_ACTIVE if is_spring else NOT_IMPORTED
                self.note("profile-not-read", says.format(file.path))
            for one in file.documents:
                if names_config_server(one.root):
                    self.note("config-server", CONFIG_SERVER.format(file.path))


def move_specific(imported: dict[bool, list[BootDocument]]) -> None:
    """Let files for profiles that were imported win like those of the folder."""
    before = imported.get(False, [])
    below = [kind for one in before for kind in one.imported.values()]
    if not any(one.moves for kind in below for one in kind):
        return
    moved: list[BootDocument] = []
    for one in before:
        for phase in (False, True):
            inner = one.imported.get(phase, [])
            moved += [each for each in inner if each.moves]
            one.imported[phase] = [each for each in inner if not each.moves]
        move_specific(one.imported)
    for one in moved:
        one.moves = False
    imported[True] = [*moved, *imported.get(True, [])]


def is_below(location: str) -> bool:
    return location.endswith("*/")


def is_empty(root: Node) -> bool:
    return isinstance(root, Scalar) and not text_of(root)


def shown_text(text: str) -> str:
    """Show a location, unless it signs in somewhere."""
    address = SCHEME.sub("", text.removeprefix("optional:"), 1)
    is_secret = looks_secret(text) or looks_secret(address)
    return NOT_SHOWN if is_secret else short(one_line(text))
