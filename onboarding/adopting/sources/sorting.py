"""Files of a Spinnaker by what they are, and which profiles belong to which
Halyard config.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from onboarding.adopting.sources.files import PROFILES, File
from onboarding.adopting.sources.kubeconfigs import Clusters, clusters_in
from onboarding.adopting.sources.layers import (
    SPRING_FILE,
    names_config_server,
    names_in,
)
from onboarding.adopting.values import PROVIDERS, Finding
from onboarding.names import short
from onboarding.spinnaker.halconfig.tree import Listing, Node, Table

BOOTSTRAP = re.compile(
    r"(bootstrap|spinnakerconfig|clouddriverconfig)(-[\w.-]+)?\.ya?ml"
)
"""Files that lead to a config server, and have no accounts."""
MARKS = (b"deploymentConfigurations", b"SpinnakerService")
OF_KUBECONFIGS = (".conf", ".kubeconfig", "kubeconfig")
CONFIG_SERVER = "configserver:"
"""Before the name of a file that Spring Cloud's config server has."""


@dataclass(slots=True)
class Sorted:
    """Files by what they are."""

    halconfigs: list[File] = field(default_factory=list)
    spring: list[File] = field(default_factory=list)
    operator: list[File] = field(default_factory=list)
    gate: list[File] = field(default_factory=list)
    kubeconfigs: dict[str, Clusters] = field(default_factory=dict)
    """By the name of the file."""
    bootstrap: list[File] = field(default_factory=list)
    unknown: list[File] = field(default_factory=list)
    """What is none of these."""
    properties: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """Files that aren't YAML or JSON, or have nothing in them."""


def must_be_source(path: str, content: bytes) -> bool:
    """Return whether a file that cannot be read should have been."""
    is_spring = SPRING_FILE.fullmatch(PurePosixPath(path).name)
    return bool(is_spring) or any(mark in content for mark in MARKS)


def sort(found: Sorted, file: File, *, is_named: bool) -> None:
    """Put a file where it belongs; of Spring's files, others than Clouddriver's count
    only if they are named: Rosco's and Orca's have `aws`, too.
    """
    if not file.documents:
        found.unread.append(file.path)
        return
    kinds = {text_in(one.root, "kind") for one in file.documents}
    keys = {key for one in file.documents for key in top_keys(one.root)}
    if "deploymentconfigurations" in keys:
        found.halconfigs.append(file)
    elif kinds & {"SpinnakerService", "SpinnakerAccount"}:
        found.operator.append(file)
    elif is_kubeconfig(file, kinds, keys):
        add_kubeconfig(found, file.name, file.root)
    elif is_answer(file.root):
        found.gate.append(file)
    elif is_spring(file, keys) or (is_named and keys & set(PROVIDERS)):
        found.spring.append(file)
    elif BOOTSTRAP.fullmatch(file.name) and any(
        names_config_server(one.root) for one in file.documents
    ):
        found.bootstrap.append(file)
    else:
        found.unknown.append(file)


def is_spring(file: File, keys: Collection[str]) -> bool:
    """Return whether it is a file of Clouddriver, and no manifest of Kubernetes."""
    if not SPRING_FILE.fullmatch(file.name) or {"apiversion", "kind"} <= {*keys}:
        return False
    return any(isinstance(one.root, Table) for one in file.documents)


def is_kubeconfig(file: File, kinds: Collection[str], keys: Collection[str]) -> bool:
    """Return whether it is a kubeconfig: by its kind, or by its name and lists."""
    lists = {"clusters", "users"}
    if "Config" in kinds:
        return bool(lists & {*keys})
    return file.name.endswith(OF_KUBECONFIGS) and {*keys} >= {*lists, "contexts"}


def add_kubeconfig(found: Sorted, name: str, root: Node) -> None:
    """Keep where it leads, by its name and by what a config server calls it."""
    clusters = clusters_in(root)
    found.kubeconfigs |= {name: clusters, f"{CONFIG_SERVER}{name}": clusters}


def is_answer(root: Node) -> bool:
    """Return whether it is a list of accounts, as Gate answers: also an empty one."""
    return isinstance(root, Listing) and all(
        isinstance(row, Table) and "name" in row.pairs for row in root.items
    )


def top_keys(root: Node) -> Iterator[str]:
    for key, _ in root.pairs.values() if isinstance(root, Table) else ():
        yield next(names_in(key), "")


def text_in(root: Node, key: str) -> str:
    return root.text(key) if isinstance(root, Table) else ""


OF_OTHER = (
    "{} belongs to the deployment “{}”, and this report is on “{}”. It isn't read."
)
OF_NONE = (
    "{} belongs to no deployment of {}: Halyard reads profiles of “{}” in {}. It isn't "
    "read."
)
ELSEWHERE = (
    "{} is taken for a profile of the deployment “{}”, though it isn't in the folder "
    "of {}."
)


@dataclass(slots=True)
class Grouped:
    """Spring's files by what they are to a Halyard config."""

    own: list[File] = field(default_factory=list)
    left: list[File] = field(default_factory=list)
    """Files that belong to something else."""
    findings: list[Finding] = field(default_factory=list)


def grouped(
    config: File,
    files: Sequence[File],
    *,
    deployment: str,
    others: Sequence[str],
    is_only: bool,
) -> Grouped:
    """Find the profiles of a deployment: next to its config, in `profiles` there, or in
    `DEPLOYMENT/profiles`. Where there is only one config, `profiles` may be elsewhere.
    """
    found = Grouped()
    folders: dict[PurePosixPath, list[File]] = {}
    for file in files:
        folders.setdefault(file.folder, []).append(file)
    mine = [
        folder
        for folder in own_folders(config, folders, deployment, others, is_only=is_only)
        if any(SPRING_FILE.fullmatch(one.name) for one in folders[folder])
    ]
    for folder, inside in folders.items():
        owner = folder.parent.name
        for file in inside:
            is_spring = SPRING_FILE.fullmatch(file.name) is not None
            if is_spring and folder == next(iter(mine), None):
                found.own.append(file)
                if not is_within(folder, config.folder):
                    says = ELSEWHERE.format(file.path, short(deployment), config.path)
                    found.findings.append(Finding("profile-elsewhere", says))
            elif is_spring and is_profiles(folder) and owner in others:
                if is_only or is_within(folder, config.folder):
                    says = OF_OTHER.format(file.path, short(owner), short(deployment))
                    found.findings.append(Finding("profile-of-other", says))
                else:
                    found.left.append(file)
            elif is_spring and (
                folder in mine
                or (is_profiles(folder) and is_within(folder, config.folder))
            ):
                where = f"{short(deployment)}/{PROFILES}"
                says = OF_NONE.format(file.path, config.path, short(deployment), where)
                found.findings.append(Finding("profile-of-none", says))
            else:
                found.left.append(file)
    return found


def own_folders(
    config: File,
    folders: Iterable[PurePosixPath],
    deployment: str,
    others: Sequence[str],
    *,
    is_only: bool,
) -> Iterator[PurePosixPath]:
    """Yield the folders that may have the profiles, the likeliest first."""
    home = config.folder
    for likely in (home / deployment / PROFILES, home / PROFILES, home):
        if likely in folders:
            yield likely
    if is_only:
        elsewhere = [
            one
            for one in folders
            if is_profiles(one)
            and not is_within(one, home)
            and one.parent.name not in others
        ]
        elsewhere.sort(key=lambda one: (one.parent.name != deployment, str(one)))
        yield from elsewhere


def is_profiles(folder: PurePosixPath) -> bool:
    return folder.name == PROFILES


def is_within(folder: PurePosixPath, home: PurePosixPath) -> bool:
    return folder == home or home in folder.parents
