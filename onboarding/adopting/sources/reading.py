"""Files into readings: which source each file belongs to, and what that source says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from onboarding.adopting.accounts.field_values import settings_of
from onboarding.adopting.accounts.listed import AccountsReader
from onboarding.adopting.sources.documents import Document, documents
from onboarding.adopting.sources.gate import LOADED
from onboarding.adopting.sources.kubeconfigs import Clusters, clusters_in
from onboarding.adopting.sources.operator import objects, service_layers
from onboarding.adopting.sources.spring import Layer, Overlaid, overlaid
from onboarding.adopting.values import PROVIDERS, Finding, Reading, SourceKind
from onboarding.bounded_yaml import BadYaml
from onboarding.carried.fields import canonical
from onboarding.names import short
from onboarding.spinnaker.halconfig.schema import problems
from onboarding.spinnaker.halconfig.tree import Listing, Node, Table

SPRING_FILE = re.compile(r"(clouddriver|spinnaker)(-[\w.-]+)?\.ya?ml")
PROFILE = re.compile(r"(clouddriver|spinnaker)-(?!local\.)[\w.-]+\.ya?ml")
MAIN_FOLDERS = ("", "files", "profiles", "config")
"""Where a service's own file is. In any other folder, it is above that one."""
OF_LOADED = ("authorized", "challengeDestructiveActions", "primaryAccount")
"""What only Gate's list of loaded accounts says of an account."""
MARKS = (b"deploymentConfigurations", b"SpinnakerService")
MOST_MISTAKES = 5


class BadSource(ValueError):
    """A source that cannot be read: which, and why."""

    def __init__(self, path: str, sentence: str) -> None:
        super().__init__(f"{path}: {sentence}")


@dataclass(frozen=True, slots=True)
class File:
    """A file with its documents."""

    path: str
    documents: tuple[Document, ...]

    @property
    def root(self) -> Node:
        return self.documents[0].root

    @property
    def folder(self) -> PurePosixPath:
        return PurePosixPath(self.path).parent

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name


@dataclass(slots=True)
class Sorted:
    """Files by what they are."""

    halconfigs: list[File] = field(default_factory=list)
    spring: list[File] = field(default_factory=list)
    operator: list[File] = field(default_factory=list)
    gate: list[File] = field(default_factory=list)
    kubeconfigs: dict[str, Clusters] = field(default_factory=dict)
    """By the name of the file."""
    unknown: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Read:
    """Everything that the files say, without a secret."""

    readings: tuple[Reading, ...]
    kubeconfigs: Mapping[str, Clusters]
    unknown: tuple[str, ...] = ()
    """Files without accounts of Spinnaker."""


NOT_KNOWN = (
    "This is no Halyard config, no file of Clouddriver, no SpinnakerService, no "
    "kubeconfig and no answer of Gate."
)
NOTHING = "No source has accounts of Spinnaker."


def read_sources(
    files: Mapping[str, bytes],
    *,
    deployment: str = "",
    named: frozenset[str] = frozenset(),
) -> Read:
    """Read every file; raise BadSource. Only the named ones must be sources."""
    found = Sorted()
    for path, content in files.items():
        try:
            file = File(path, documents(content))
        except BadYaml as error:
            if path in named or must_be_source(path, content):
                raise BadSource(path, str(error)) from None
            found.unknown.append(path)
            continue
        sort(found, file, is_named=path in named)
        if path in named and path in found.unknown:
            raise BadSource(path, NOT_KNOWN)
    readings = tuple(readings_of(found, deployment))
    return Read(readings, found.kubeconfigs, tuple(found.unknown))


def must_be_source(path: str, content: bytes) -> bool:
    """Return whether a file that cannot be read should have been."""
    is_spring = SPRING_FILE.fullmatch(PurePosixPath(path).name)
    return bool(is_spring) or any(mark in content for mark in MARKS)


def sort(found: Sorted, file: File, *, is_named: bool) -> None:
    """Put a file where it belongs; of Spring's files, others than Clouddriver's count
    only if they are named: Rosco's and Orca's have `aws`, too.
    """
    if not file.documents:
        found.unknown.append(file.path)
        return
    kinds = {text_in(one.root, "kind") for one in file.documents}
    keys = {key for one in file.documents for key in top_keys(one.root)}
    if "deploymentconfigurations" in keys:
        found.halconfigs.append(file)
    elif kinds & {"SpinnakerService", "SpinnakerAccount"}:
        found.operator.append(file)
    elif "Config" in kinds and {"clusters", "users"} & keys:
        found.kubeconfigs[file.name] = clusters_in(file.root)
    elif is_answer(file.root):
        found.gate.append(file)
    elif keys & set(PROVIDERS) and (is_named or SPRING_FILE.fullmatch(file.name)):
        found.spring.append(file)
    else:
        found.unknown.append(file.path)


def is_answer(root: Node) -> bool:
    """Return whether it is a list of accounts, as Gate answers: also an empty one."""
    return isinstance(root, Listing) and all(
        isinstance(row, Table) and "name" in row.pairs for row in root.items
    )


def top_keys(root: Node) -> Iterator[str]:
    for key in root.pairs if isinstance(root, Table) else ():
        yield canonical(key.partition(".")[0])


def text_in(root: Node, key: str) -> str:
    return root.text(key) if isinstance(root, Table) else ""


def readings_of(found: Sorted, deployment: str) -> Iterator[Reading]:
    """Yield each source, those first that Spinnaker prefers."""
    spring = list(found.spring)
    yield from gate_readings(found.gate, SourceKind.STORED)
    for file in found.halconfigs:
        reading, profiles = halconfig_reading(file, spring, deployment)
        spring = [one for one in spring if one not in profiles]
        yield reading
    if found.operator:
        reading, contents = operator_reading(found.operator)
        found.kubeconfigs |= {n: clusters_in(root) for n, root in contents.items()}
        yield reading
    if spring:
        layers, findings = spring_layers(spring)
        title = ", ".join(layer.path for layer in layers)
        yield reading_of(SourceKind.SPRING, title, layers, findings)
    yield from gate_readings(found.gate, SourceKind.LOADED)


def halconfig_reading(
    file: File, spring: Sequence[File], deployment: str
) -> tuple[Reading, list[File]]:
    """Read one deployment, with the profiles next to the config; return these, and
    those of other deployments.
    """
    root = file.root
    assert isinstance(root, Table)
    wanted = deployment or root.text("currentDeployment")
    deployments = root.tables("deploymentConfigurations")
    names = [one.text("name") for one in deployments]
    if not wanted and len(deployments) == 1:
        wanted = names[0]
    if wanted not in names:
        known = ", ".join(short(name) for name in names) or "none"
        raise BadSource(
            file.path,
            f"It has no deployment “{short(wanted)}”. Its deployments: {known}.",
        )
    folders = (file.folder, file.folder / wanted / "profiles")
    profiles = [
        one
        for one in spring
        if one.folder in folders and SPRING_FILE.fullmatch(one.name)
    ]
    above, findings = spring_layers(profiles)
    own = deployments[names.index(wanted)].table("providers") or Table({})
    place = f"{file.path}, deployment {wanted}"
    low = [one for one in above if PurePosixPath(one.path).name.startswith("spinnaker")]
    replaced = any(
        PurePosixPath(one.path).name in ("clouddriver.yml", "clouddriver.yaml")
        for one in above
    )
    if replaced:
        findings = [*findings, Finding("config-replaced", REPLACED)]
    layers = [
        *low,
        *([] if replaced else [Layer(place, own)]),
        *(one for one in above if one not in low),
    ]
    refused = [*problems(root)][:MOST_MISTAKES]
    if refused:
        says = f"hal refuses {file.path}, so no hal command works. {' '.join(refused)}"
        findings = [*findings, Finding("refused-by-hal", says)]
    reading = reading_of(SourceKind.HALCONFIG, place, layers, findings)
    of_others = [
        one
        for one in spring
        if one.folder.name == "profiles" and one.folder.parent.parent == file.folder
    ]
    return with_others(reading, own), [*profiles, *of_others]


REPLACED = (
    "profiles/clouddriver.yml replaces the file that Halyard makes of its config, so "
    "Spinnaker has none of the config's accounts."
)


def with_others(reading: Reading, providers: Table) -> Reading:
    """Count the accounts of providers that Bowline does not know."""
    counts = {
        name: len(section.tables("accounts"))
        for name, (_, section) in sorted(providers.pairs.items())
        if name not in PROVIDERS and isinstance(section, Table)
    }
    return replace(reading, others={name: n for name, n in counts.items() if n})


def operator_reading(files: Sequence[File]) -> tuple[Reading, dict[str, Node]]:
    roots = [(file.path, one.root) for file in files for one in file.documents]
    layers, contents, others = service_layers(roots)
    title = ", ".join(dict.fromkeys(path for path, _ in roots))
    reading = reading_of(SourceKind.OPERATOR, title, layers, [])
    if accounts := list(objects(roots)):
        reading = with_objects(reading, accounts)
    return replace(reading, others=others), contents


def with_objects(reading: Reading, accounts: Sequence[tuple[str, Table]]) -> Reading:
    """Put SpinnakerAccount objects in the place of the config's clusters."""
    hidden = tuple(one.name for one in reading.accounts if one.type == "kubernetes")
    reader = AccountsReader("kubernetes", SourceKind.OPERATOR, accounts[0][0])
    read = tuple(reader.accounts(table for _, table in accounts))
    findings = (*reading.findings, *reader.notes.findings())
    if hidden:
        findings = (*findings, Finding("hidden-list", HIDDEN_BY_OBJECTS, hidden))
    kept = tuple(one for one in reading.accounts if one.type != "kubernetes")
    return replace(reading, accounts=(*kept, *read), findings=findings)


HIDDEN_BY_OBJECTS = (
    "There are SpinnakerAccount objects, and they hide the Kubernetes accounts of the "
    "SpinnakerService."
)


def spring_layers(files: Sequence[File]) -> tuple[list[Layer], list[Finding]]:
    """Return what is active of Spring's files, the lowest first."""
    layers: list[Layer] = []
    findings: list[Finding] = []
    for file in sorted(files, key=lambda one: (rank(one), one.path)):
        if PROFILE.fullmatch(file.name):
            says = f"{file.path} counts only while its Spring profile is active. It is "
            findings.append(Finding("profile-not-read", f"{says}not read."))
            continue
        for one in file.documents:
            if not isinstance(one.root, Table):
                continue
            if is_of_a_profile(one.root):
                says = (
                    f"A document of {file.path} counts only while a Spring profile is "
                    "active. It isn't read."
                )
                findings.append(Finding("profile-not-read", says))
                continue
            for key in one.doubles:
                says = (
                    f"{file.path}, line {key.line}: “{short(key.text)}” comes twice in "
                    "one mapping. Clouddriver doesn't start with it."
                )
                findings.append(Finding("key-twice", says))
            layers.append(Layer(file.path, one.root))
    equal = [one.path for one in files if rank(one) == HIGHEST]
    if len(equal) > 1:
        says = "These files are in folders of their own, and the last one wins: "
        findings.append(Finding("order-assumed", says + ", ".join(sorted(equal)) + "."))
    return layers, findings


HIGHEST = 6


def rank(file: File) -> int:
    """Say which of Spring's files is read over which: a higher one wins."""
    stem = PurePosixPath(file.name).stem
    is_main = file.folder.name in MAIN_FOLDERS
    if stem == "spinnaker":
        return 0
    if stem == "spinnaker-local":
        return 1
    if stem == "clouddriver":
        return 3 if is_main else 2
    if stem == "clouddriver-local":
        return 5 if is_main else HIGHEST
    return 4


def is_of_a_profile(root: Table) -> bool:
    spring = root.table("spring")
    flat = [key for key in root.pairs if key.startswith("spring.")]
    if any("profile" in key for key in flat):
        return True
    if spring is None:
        return False
    config = spring.table("config")
    activate = config.table("activate") if config else None
    return "profiles" in spring.pairs or activate is not None


def reading_of(
    kind: SourceKind, title: str, layers: Sequence[Layer], findings: Sequence[Finding]
) -> Reading:
    over = overlaid(layers)
    return read_sections(kind, title, over, [*findings, *over.findings])


def read_sections(
    kind: SourceKind, title: str, over: Overlaid, findings: Sequence[Finding]
) -> Reading:
    reading = Reading(kind, title, others=over.others)
    for type_ in PROVIDERS:
        section = over.sections.get(type_)
        if section is None:
            continue
        of_section = AccountsReader(type_, kind, over.places.get(type_, title))
        settings = settings_of(section, of_section.fields())
        of_section.settings = settings
        accounts = tuple(of_section.accounts(section.tables("accounts")))
        reading = replace(
            reading,
            accounts=(*reading.accounts, *accounts),
            settings={**reading.settings, type_: settings},
            findings=(*reading.findings, *of_section.notes.findings()),
        )
    return replace(reading, findings=(*findings, *reading.findings))


def gate_readings(files: Sequence[File], kind: SourceKind) -> Iterator[Reading]:
    """Read the answers of Gate that list what is stored, or what is loaded."""
    tables = [
        (file.path, row)
        for file in files
        if isinstance(file.root, Listing)
        for row in file.root.items
        if isinstance(row, Table) and is_loaded(row) == (kind is SourceKind.LOADED)
    ]
    is_empty = kind is SourceKind.LOADED and any(one.path == LOADED for one in files)
    if not (tables or is_empty):
        return
    title = ", ".join(dict.fromkeys(path for path, _ in tables)) or LOADED
    reading = Reading(kind, title)
    others: dict[str, int] = {}
    by_type: dict[str, list[Table]] = {}
    for _, row in tables:
        type_ = row.text("type") or row.text("cloudProvider")
        if type_ in PROVIDERS:
            by_type.setdefault(type_, []).append(row)
        else:
            others[short(type_)] = others.get(short(type_), 0) + 1
    for type_ in PROVIDERS:
        reader = AccountsReader(type_, kind, title)
        accounts = tuple(reader.accounts(by_type.get(type_, ())))
        reading = replace(
            reading,
            accounts=(*reading.accounts, *accounts),
            findings=(*reading.findings, *reader.notes.findings()),
        )
    yield replace(reading, others=others)


def is_loaded(row: Table) -> bool:
    return any(key in row.pairs for key in OF_LOADED) or "cloudProvider" in row.pairs
