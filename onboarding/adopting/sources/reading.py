"""Files into readings: which source each file belongs to, and what that source says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from onboarding.adopting.accounts import AccountsReader, settings_of
from onboarding.adopting.sources.documents import documents, text_of
from onboarding.adopting.sources.files import (
    LOADED,
    PROPERTIES,
    BadSource,
    ConfigFile,
    File,
    config_file,
)
from onboarding.adopting.sources.kubeconfigs import Clusters
from onboarding.adopting.sources.layers import CONFIG_SERVER, Loaded, loaded
from onboarding.adopting.sources.operator import (
    OWN_FILE,
    objects,
    objects_left,
    of_root,
    service_in,
)
from onboarding.adopting.sources.overlay import Overlay
from onboarding.adopting.sources.sorting import (
    Sorted,
    add_kubeconfig,
    grouped,
    must_be_source,
    sort,
    top_keys,
)
from onboarding.adopting.values import AWS, PROVIDERS, Finding, Reading, SourceKind
from onboarding.bounded_yaml import MOST_ALIASES, BadYaml
from onboarding.carried.table import canonical
from onboarding.names import one_line, short, some
from onboarding.spinnaker.halconfig.schema import problems
from onboarding.spinnaker.halconfig.tree import Listing, Scalar, Table

OF_LOADED = ("authorized", "challengeDestructiveActions", "primaryAccount")
"""What only Gate's list of loaded accounts says of an account."""
MOST_MISTAKES = 5
MOST_NAMED = 20


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
UNREAD_PROPERTIES = (
    "Clouddriver reads {}, and Bowline doesn't. If it says something of accounts, "
    "write that in a YAML file first, or give Gate's list of loaded accounts, too."
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
        if PROPERTIES.fullmatch(PurePosixPath(path).name):
            found.properties.append(path)
            continue
        try:
            file = File(path, documents(content))
        except BadYaml as error:
            if path in named or must_be_source(path, content):
                raise BadSource(path, str(error)) from None
            found.unread.append(path)
            continue
        sort(found, file, is_named=path in named)
    readings = list(readings_of(found, deployment))
    unknown = {*found.unread, *(one.path for one in found.unknown)}
    for path in files:
        if path in named and path in unknown:
            raise BadSource(path, NOT_KNOWN)
    unknown.update(found.properties)
    extra = [
        Finding("config-server", CONFIG_SERVER.format(one.path))
        for one in found.bootstrap
    ]
    extra += [
        Finding("properties-unread", UNREAD_PROPERTIES.format(path))
        for path in found.properties
    ]
    if extra:
        readings[:1] = [with_findings(one, extra) for one in readings[:1]]
    left = tuple(path for path in files if path in unknown)
    return Read(tuple(readings), found.kubeconfigs, left)


def readings_of(found: Sorted, deployment: str) -> Iterator[Reading]:
    """Yield each source, those first that Spinnaker prefers."""
    yield from gate_readings(found.gate, SourceKind.STORED)
    for file in found.halconfigs:
        yield halconfig_reading(found, file, deployment)
    if found.operator:
        yield operator_reading(found)
    if any(map(has_providers, found.spring)):
        yield spring_reading(found)
    else:
        found.unknown += found.spring
    yield from gate_readings(found.gate, SourceKind.LOADED)


def has_providers(file: File) -> bool:
    """Return whether any document has a provider, or something to say to Spring."""
    return any(
        key in {*PROVIDERS, "spring"}
        for one in file.documents
        for key in top_keys(one.root)
    )


def spring_reading(found: Sorted) -> Reading:
    files = sorted(found.spring, key=lambda one: one.path)
    layers, findings = layers_of([config_file(one) for one in files])
    equal = [
        one.path
        for one in files
        if one.name.startswith("clouddriver-local.") and config_file(one).folder
    ]
    if len(equal) > 1:
        says = "These files are in folders of their own, and the last one wins: "
        findings.append(Finding("order-assumed", says + ", ".join(equal) + "."))
    title = ", ".join(dict.fromkeys(one.path for one in layers))
    return reading_of(SourceKind.SPRING, title, layers, findings)


def layers_of(files: Sequence[ConfigFile]) -> tuple[list[Loaded], list[Finding]]:
    """Return the documents of one Clouddriver, and what Spinnaker makes of them."""
    layers, findings = loaded(files)
    for file in files:
        for one in file.documents:
            for key in one.doubles:
                says = (
                    f"{file.path}, line {key.line}: “{short(key.text)}” comes twice in "
                    "one mapping. Clouddriver doesn't start with it."
                )
                findings.append(Finding("key-twice", says))
    return layers, findings


def halconfig_reading(found: Sorted, file: File, deployment: str) -> Reading:
    """Read one deployment, with its profiles, as Halyard gives it to Clouddriver."""
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
    others = [name for name in dict.fromkeys(names) if name != wanted]
    group = grouped(
        file,
        found.spring,
        deployment=wanted,
        others=others,
        is_only=len(found.halconfigs) == 1,
    )
    found.spring = group.left
    own = deployments[names.index(wanted)].table("providers") or Table({})
    place = f"{file.path}, deployment {wanted}"
    files = [config_file(one, is_main=True) for one in group.own]
    findings = [*group.findings, *halconfig_findings(file, others)]
    if any(PurePosixPath(one.name).stem == "clouddriver" for one in files):
        findings.append(Finding("config-replaced", REPLACED))
    else:
        files.append(of_root(place, OWN_FILE, own))
    layers, more = layers_of(files)
    return reading_of(SourceKind.HALCONFIG, place, layers, [*findings, *more])


REPLACED = (
    "profiles/clouddriver.yml replaces the file that Halyard makes of its config, so "
    "Spinnaker has none of the config's accounts."
)
OTHER_DEPLOYMENTS = (
    "{} has other deployments, which aren't read: {}. For one of them, create a report "
    "with its name."
)
ALIASES = (
    "More than {} aliases of lists and mappings aren't supported by hal. Write the "
    "values out."
)


def halconfig_findings(file: File, others: Sequence[str]) -> Iterator[Finding]:
    """Say what hal refuses of a config, and what else it has."""
    refused = [*problems(file.root)][:MOST_MISTAKES]
    if sum(one.aliases for one in file.documents) > MOST_ALIASES:
        refused.insert(0, ALIASES.format(MOST_ALIASES))
    if refused:
        says = f"hal refuses {file.path}, so no hal command works. {' '.join(refused)}"
        yield Finding("refused-by-hal", says)
    if others:
        listed = some([short(one_line(name)) for name in others], MOST_NAMED)
        says = OTHER_DEPLOYMENTS.format(file.path, listed)
        yield Finding("other-deployments", says)


def operator_reading(found: Sorted) -> Reading:
    files = found.operator
    roots = [(file.path, one.root) for file in files for one in file.documents]
    service = service_in(roots)
    for name, root in service.contents.items():
        add_kubeconfig(found, name, root)
    title = ", ".join(dict.fromkeys(path for path, _ in roots))
    layers, findings = layers_of(service.files)
    reading = reading_of(SourceKind.OPERATOR, title, layers, findings)
    if accounts := list(objects(roots)):
        reading = with_objects(reading, accounts)
    return with_findings(reading, objects_left(roots))


def with_findings(reading: Reading, findings: Iterable[Finding]) -> Reading:
    return replace(reading, findings=(*reading.findings, *findings))


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


def reading_of(
    kind: SourceKind, title: str, layers: Sequence[Loaded], findings: Sequence[Finding]
) -> Reading:
    over = Overlay(layers)
    found = [*findings, *over.findings, *mentioned(over)]
    return read_sections(kind, title, over, found)


def mentioned(over: Overlay) -> Iterator[Finding]:
    """Say what the sources have that Bowline has no place for."""
    for name, count in over.others.items():
        if canonical(name) == "dockerregistry":
            yield Finding("docker-registries", REGISTRIES.format(count))
    regions = over.sections.get(AWS, Table({})).tables("defaultregions")
    named = [name_of(one) for one in regions if has_zones(one)]
    if named:
        listed = some([short(one_line(name)) for name in named], MOST_NAMED)
        yield Finding("default-zones", DEFAULT_ZONES.format(listed))


def has_zones(region: Table) -> bool:
    return any(
        canonical(key) in ("availabilityzones", "preferredzones")
        and not (isinstance(node, Scalar) and node.is_null)
        for key, (_, node) in region.pairs.items()
    )


def name_of(region: Table) -> str:
    names = (
        text_of(node)
        for key, (_, node) in region.pairs.items()
        if canonical(key) == "name" and isinstance(node, Scalar)
    )
    return next(names, "")


REGISTRIES = (
    "Docker registries aren't taken: {} in this source. They stay as they are. "
    "Keep them where they are configured."
)
DEFAULT_ZONES = (
    "aws.defaultRegions names availability zones, for {}. Accounts that leave their "
    "Regions open get the Regions without these zones, and Spinnaker then uses all "
    "zones that AWS has there."
)


def read_sections(
    kind: SourceKind, title: str, over: Overlay, findings: Sequence[Finding]
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
