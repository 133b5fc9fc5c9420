"""The operator's objects: a SpinnakerService holds one deployment of Halyard's config
and Spring's files, and SpinnakerAccount objects replace its clusters.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from onboarding.adopting.sources.documents import Document, documents, value_of
from onboarding.adopting.sources.files import BadSource, ConfigFile
from onboarding.adopting.sources.layers import SPRING_FILE, STEMS
from onboarding.adopting.values import Finding
from onboarding.bounded_yaml import BadYaml
from onboarding.names import one_line, short
from onboarding.spinnaker.halconfig.tree import Listing, Node, Scalar, Table

Root = tuple[str, Node]
"""The path of a file, and one document of it."""
OWN_FILE = "clouddriver.yml"
"""What Halyard makes of a config."""
OTHER_TYPE = (
    "SpinnakerAccount objects {} aren't read: the operator makes accounts of type "
    "Kubernetes only."
)
OBJECTS_OFF = (
    "These SpinnakerAccount objects have enabled: false, so the operator makes no "
    "accounts of them."
)


@dataclass(slots=True)
class Service:
    """What a SpinnakerService has."""

    files: list[ConfigFile] = field(default_factory=list)
    """As Clouddriver finds them."""
    contents: dict[str, Node] = field(default_factory=dict)
    """Other files by their names, which may be kubeconfigs."""


def service_in(roots: Sequence[Root]) -> Service:
    """Read every SpinnakerService: its config is Clouddriver's own file, the profile is
    the one for `local`.
    """
    found = Service()
    for path, root in roots:
        if not isinstance(root, Table) or root.text("kind") != "SpinnakerService":
            continue
        config = inner(root, "spec", "spinnakerConfig")
        if config is None:
            continue
        providers = inner(config, "config", "providers")
        if providers is not None:
            found.files.append(of_root(f"{path}, config", OWN_FILE, providers))
        for service in STEMS:
            profile = inner(config, "profiles", service)
            if profile is not None:
                place = f"{path}, profiles.{service}"
                found.files.append(of_root(place, f"{service}-local.yml", profile))
        add_files(found, path, config.table("files"))
    return found


def of_root(path: str, name: str, root: Table) -> ConfigFile:
    return ConfigFile(path, name, "", (Document(root),))


def inner(table: Table, *path: str) -> Table | None:
    found: Table | None = table
    for step in path:
        found = found.table(step) if found else None
    return found


def add_files(found: Service, path: str, files: Table | None) -> None:
    """Add Spring's files, and whatever may be a kubeconfig."""
    for key, (_, node) in files.pairs.items() if files else ():
        if not isinstance(node, Scalar):
            continue
        name = PurePosixPath(key.replace("__", "/")).name
        try:
            read = documents(node.text.encode())
        except BadYaml as error:
            if SPRING_FILE.fullmatch(name):
                raise BadSource(f"{path}, files.{key}", str(error)) from None
            continue
        if SPRING_FILE.fullmatch(name):
            found.files.append(ConfigFile(f"{path}, files.{key}", name, "", read))
        elif read:
            found.contents[name] = read[0].root


def objects(roots: Sequence[Root]) -> Iterator[tuple[str, Table]]:
    """Yield each SpinnakerAccount of Kubernetes as an account of a list."""
    for path, name, spec in specs(roots):
        if not is_kubernetes(spec) or is_false(spec.get("enabled")):
            continue
        pairs = dict((spec.table("settings") or Table({})).pairs)
        pairs["name"] = (Scalar("name"), Scalar(name))
        if "permissions" in spec.pairs:
            pairs["permissions"] = spec.pairs["permissions"]
        pairs |= kubeconfig_in(spec.table("kubernetes") or Table({}))
        yield path, Table(pairs, spec.line)


def specs(roots: Sequence[Root]) -> Iterator[tuple[str, str, Table]]:
    """Yield the path, name and `spec` of each SpinnakerAccount."""
    for path, root in roots:
        if not isinstance(root, Table) or root.text("kind") != "SpinnakerAccount":
            continue
        spec = root.table("spec")
        metadata = root.table("metadata")
        if spec is not None and metadata is not None:
            yield path, metadata.text("name"), spec


def is_kubernetes(spec: Table) -> bool:
    return spec.text("type").lower() == "kubernetes"


def objects_left(roots: Sequence[Root]) -> Iterator[Finding]:
    """Say which SpinnakerAccount objects aren't read, and why."""
    others: dict[str, list[str]] = {}
    off: list[str] = []
    for _, name, spec in specs(roots):
        if not is_kubernetes(spec):
            others.setdefault(short(one_line(spec.text("type"))), []).append(name)
        elif is_false(spec.get("enabled")):
            off.append(name)
    for type_, names in sorted(others.items()):
        says = OTHER_TYPE.format(f"of type {type_}" if type_ else "without a type")
        yield Finding("object-left", says, tuple(sorted(names)))
    if off:
        yield Finding("object-left", OBJECTS_OFF, tuple(sorted(off)))


def is_false(node: Node | None) -> bool:
    return isinstance(node, Scalar) and value_of(node) is False


def kubeconfig_in(table: Table) -> dict[str, tuple[Scalar, Node]]:
    """Return the kubeconfig as an account of a list has it; a Secret of Kubernetes as
    the operator's own reference.
    """
    if "kubeconfigFile" in table.pairs:
        return {"kubeconfigFile": table.pairs["kubeconfigFile"]}
    if secret := table.table("kubeconfigSecret"):
        text = f"encryptedFile:k8s!n:{secret.text('name')}!k:{secret.text('key')}"
        return {"kubeconfigFile": (Scalar("kubeconfigFile"), Scalar(text))}
    if "kubeconfig" in table.pairs:
        _, inline = table.pairs["kubeconfig"]
        text = inline.text if isinstance(inline, Scalar) else as_text(inline)
        return {"kubeconfigContents": (Scalar("kubeconfigContents"), Scalar(text))}
    return {}


def as_text(node: Node) -> str:
    """Write a kubeconfig as Clouddriver gets it, to be read like any other."""
    return json.dumps(plain(node))


def plain(node: Node) -> Any:
    match node:
        case Table(pairs=pairs):
            return {key: plain(inner) for key, (_, inner) in pairs.items()}
        case Listing(items=items):
            return [plain(item) for item in items]
    return value_of(node)
