"""kustomize/: a component for spinnaker-kustomize, which takes the base as it is.

Every file gets a ConfigMap of its own: Kustomize can add a file, but nothing to one.
The names bowline/SERVICE-local.yml override the base's own in Spring's precedence; as
bowline/SERVICE.yml they would be overridden.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator
from dataclasses import dataclass

from onboarding.spinnaker.bundle.archive import File
from onboarding.spinnaker.bundle.formats.kubeconfig import (
    FOLDER,
    KUBECONFIGS,
    kubeconfig,
    spread,
)
from onboarding.spinnaker.bundle.formats.spring import clouddriver_yml
from onboarding.spinnaker.bundle.limits import CONFIG_MAP
from onboarding.spinnaker.entries import Entries
from onboarding.spinnaker.services.places import BESIDE_CLOUDDRIVER, Place, Service
from onboarding.spinnaker.services.settings import file_of
from onboarding.spinnaker.services.settings import settings as settings_of
from onboarding.spinnaker.yaml_text import Value, document
from onboarding.topology import PodRole, Topology

POD = "/spec/template/spec"
SOURCES = f"{POD}/volumes/0/projected/sources/-"
"""Where spinnaker-kustomize's own components add theirs."""
CONFIG = "/opt/spinnaker/config"
ACCOUNTS = "clouddriver-local.yml"
PACKED = f"{ACCOUNTS}.gz.base64"
IMAGE = "us-docker.pkg.dev/spinnaker-community/docker/clouddriver"
"""Kustomize's `images` gives it the tag, as it does for Clouddriver itself."""

CLUSTERS = """
The kubeconfigs are mounted there by this component. This list hides the account
`managing` of the base's clouddriver.yml, which is Spinnaker's own cluster: copy its
lines from there to the end of this list if you use it.
"""
COMPONENT = """
Written by Bowline. Copy this folder to components/bowline of your spinnaker-kustomize,
and list it last under `components:` of its kustomization.yml.
"""
ROLE = """
Lets Spinnaker's pods assume its role. It does nothing where the service account isn't
part of the tree.
"""
UNPACKS = f"""
The accounts are too many for a ConfigMap. They are packed in {PACKED}:
base64 --decode {PACKED} | gunzip
"""


@dataclass(frozen=True, slots=True)
class ConfigMap:
    """Files that are mounted under Spinnaker's folder of configuration."""

    name: str
    files: tuple[str, ...]
    folder: str

    @property
    def source(self) -> Value:
        names = [file.rsplit("/", 1)[-1] for file in self.files]
        items = [{"key": name, "path": f"{self.folder}/{name}"} for name in names]
        return {"configMap": {"name": self.name, "items": items}}


def kustomize(topology: Topology, entries: Entries) -> Iterator[File]:
    for path, text in files(topology, entries):
        yield File(f"kustomize/{path}", text)


def files(topology: Topology, entries: Entries) -> Iterator[tuple[str, str]]:
    accounts = clouddriver_yml(
        topology,
        entries,
        Place.KUSTOMIZE,
        kubeconfigs=KUBECONFIGS,
        comment=CLUSTERS,
    ).encode()
    packed = len(accounts) > CONFIG_MAP
    settings = ConfigMap(
        "bowline-clouddriver", (PACKED if packed else ACCOUNTS,), "bowline"
    )
    clusters = [
        ConfigMap(name, tuple(f"kubeconfigs/{c.name}.yml" for c in some), FOLDER)
        for name, some in spread(entries.kubernetes)
    ]
    to_clouddriver = patch(clusters if packed else [settings, *clusters])
    generated = [settings, *clusters]
    patches = [targeted("clouddriver")]
    if packed:
        yield PACKED, base64.encodebytes(gzip.compress(accounts, mtime=0)).decode()
        yield "unpack-patch.yml", document(unpacking(settings), comment=UNPACKS)
        to_clouddriver += mounting(settings)
        patches.append({"path": "unpack-patch.yml"})
    else:
        yield ACCOUNTS, accounts.decode()
    for cluster in entries.kubernetes:
        yield f"kubeconfigs/{cluster.name}.yml", kubeconfig(cluster)
    yield "clouddriver-patch.yml", document(to_clouddriver)
    known = settings_of(topology.managing, entries, Place.KUSTOMIZE)
    for service in BESIDE_CLOUDDRIVER:
        text = file_of(service, known)
        if not text:
            continue
        yield service.file, text
        if service is not Service.DECK:
            mounted = ConfigMap(f"bowline-{service}", (service.file,), "bowline")
            generated.append(mounted)
            patches.append(targeted(service))
            yield f"{service}-patch.yml", document(patch([mounted]))
    if isinstance(pod := topology.managing.identity, PodRole):
        named: Value = {"kind": "ServiceAccount", "name": pod.service_account}
        patches.append({"target": named, "path": "serviceaccount-patch.yml"})
        account = annotated(pod.service_account, topology.managing.identity_arn)
        yield "serviceaccount-patch.yml", document(account, comment=ROLE)
    yield (
        "kustomization.yml",
        document(component(generated, patches), comment=COMPONENT),
    )


def component(generated: list[ConfigMap], patches: list[Value]) -> Value:
    return {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "configMapGenerator": [{"name": g.name, "files": g.files} for g in generated],
        "patches": patches,
    }


def targeted(deployment: str) -> Value:
    target = {"kind": "Deployment", "name": deployment}
    return {"target": target, "path": f"{deployment}-patch.yml"}


def patch(mounted: list[ConfigMap]) -> list[Value]:
    return [{"op": "add", "path": SOURCES, "value": m.source} for m in mounted]


def mounting(settings: ConfigMap) -> list[Value]:
    """Add the folder into which the accounts are unpacked.

    Volumes are added at the end: a merging patch would put them first, where every
    component expects the projected one.
    """
    volumes: list[Value] = [
        {"name": "bowline-packed", "configMap": {"name": settings.name}},
        {"name": "bowline", "emptyDir": {}},
    ]
    mount = {"name": "bowline", "mountPath": f"{CONFIG}/{settings.folder}"}
    return [
        *({"op": "add", "path": f"{POD}/volumes/-", "value": v} for v in volumes),
        {"op": "add", "path": f"{POD}/containers/0/volumeMounts/-", "value": mount},
    ]


def unpacking(settings: ConfigMap) -> Value:
    """Describe the container that unpacks the accounts before Clouddriver starts."""
    command = f"base64 -d /packed/{PACKED} | gunzip > /unpacked/{ACCOUNTS}"
    container: Value = {
        "name": "bowline",
        "image": IMAGE,
        "command": ["sh", "-ec", command],
        "volumeMounts": [
            {"name": "bowline-packed", "mountPath": "/packed", "readOnly": True},
            {"name": "bowline", "mountPath": "/unpacked"},
        ],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "clouddriver"},
        "spec": {"template": {"spec": {"initContainers": [container]}}},
    }


def annotated(service_account: str, role: str) -> Value:
    """Merge into the service account: what it has already must stay."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "name": service_account,
            "annotations": {"eks.amazonaws.com/role-arn": role},
        },
    }
