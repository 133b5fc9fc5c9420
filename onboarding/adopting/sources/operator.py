"""The operator's objects: a SpinnakerService holds one deployment of Halyard's config
and Spring's files, and SpinnakerAccount objects replace its clusters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from onboarding.adopting.sources.documents import documents
from onboarding.adopting.sources.scalars import value_of
from onboarding.adopting.sources.spring import Layer
from onboarding.adopting.values import PROVIDERS
from onboarding.bounded_yaml import BadYaml
from onboarding.spinnaker.halconfig.tree import Node, Scalar, Table

Root = tuple[str, Node]
"""The path of a file, and one document of it."""


def service_layers(
    roots: Sequence[Root],
) -> tuple[list[Layer], dict[str, Node], dict[str, int]]:
    """Return the layers, the lowest first; kubeconfigs among the files; and how many
    accounts other providers have.
    """
    configs: list[Layer] = []
    profiles: list[Layer] = []
    contents: dict[str, Node] = {}
    others: dict[str, int] = {}
    for path, root in roots:
        if not isinstance(root, Table) or root.text("kind") != "SpinnakerService":
            continue
        spec = root.table("spec")
        config = spec.table("spinnakerConfig") if spec else None
        if config is None:
            continue
        providers = inner(config, "config", "providers")
        if providers is not None:
            configs.append(Layer(f"{path}, config", providers))
            others |= {
                name: len(section.tables("accounts"))
                for name, (_, section) in providers.pairs.items()
                if name not in PROVIDERS
                and isinstance(section, Table)
                and section.tables("accounts")
            }
        for service in ("spinnaker", "clouddriver"):
            profile = inner(config, "profiles", service)
            if profile is not None:
                profiles.append(Layer(f"{path}, profiles.{service}", profile))
        for name, layer in files_of(path, config.table("files")):
            if isinstance(layer, Layer):
                profiles.append(layer)
            else:
                contents[name] = layer
    return [*configs, *profiles], contents, others


def inner(table: Table, *path: str) -> Table | None:
    found: Table | None = table
    for step in path:
        found = found.table(step) if found else None
    return found


def files_of(path: str, files: Table | None) -> Iterator[tuple[str, Layer | Node]]:
    """Yield Clouddriver's own file, and whatever may be a kubeconfig."""
    for key, (_, node) in files.pairs.items() if files else ():
        if not isinstance(node, Scalar):
            continue
        name = PurePosixPath(key.replace("__", "/")).name
        try:
            found = documents(node.text.encode())
        except BadYaml:
            continue
        for one in found[:1]:
            if name in ("clouddriver-local.yml", "clouddriver.yml"):
                if isinstance(one.root, Table):
                    yield name, Layer(f"{path}, files.{key}", one.root)
            else:
                yield name, one.root


def objects(roots: Sequence[Root]) -> Iterator[tuple[str, Table]]:
    """Yield each SpinnakerAccount of Kubernetes as an account of a list."""
    for path, root in roots:
        if not isinstance(root, Table) or root.text("kind") != "SpinnakerAccount":
            continue
        spec = root.table("spec")
        name = inner(root, "metadata")
        if spec is None or name is None or spec.text("type").lower() != "kubernetes":
            continue
        if is_false(spec.get("enabled")):
            continue
        pairs = dict((spec.table("settings") or Table({})).pairs)
        pairs["name"] = (Scalar("name"), Scalar(name.text("name")))
        if "permissions" in spec.pairs:
            pairs["permissions"] = spec.pairs["permissions"]
        pairs |= kubeconfig_in(spec.table("kubernetes") or Table({}))
        yield path, Table(pairs, root.line)


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
        return {"kubeconfigContents": (Scalar("kubeconfigContents"), Scalar("secret"))}
    return {}
