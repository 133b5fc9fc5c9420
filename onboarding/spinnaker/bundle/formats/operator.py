"""operator/: a patch for the SpinnakerService of spinnaker-operator.

Its `config` is one deployment of hal's config, and as strict; its `profiles` are what
hal's own folder of that name holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from onboarding.providers.entry_kinds import KubernetesEntry
from onboarding.spinnaker.bundle.archive import File
from onboarding.spinnaker.bundle.formats.hal_accounts import (
    aws_account,
    ecs_account,
    kubernetes_account,
)
from onboarding.spinnaker.bundle.formats.kubeconfig import kubeconfig, spread
from onboarding.spinnaker.bundle.formats.spring import joined, profiles
from onboarding.spinnaker.bundle.limits import CONFIG_MAP
from onboarding.spinnaker.entries import Entries
from onboarding.spinnaker.services.places import Place, Service
from onboarding.spinnaker.services.settings import nested, settings
from onboarding.spinnaker.yaml_text import Value, block, comment_lines
from onboarding.topology import PodRole, Topology

SERVICE = "operator/spinnakerservice.yml"
PATCH = """
Written by Bowline: a patch, merged into the SpinnakerService. A list replaces a list:
add the accounts of the same provider that are there and that you keep.
"""
UNCHECKED = """
The operator would check with keys of its own: it refuses AWS accounts without an
access key, knows no external ID, and isn't the identity that the clusters grant
access.
verify.sh checks all that as Spinnaker itself.
"""
SECRETS = """
Apply this to the namespace of Spinnaker before the patch. No secret is in it.
"""


def operator(topology: Topology, entries: Entries) -> Iterator[File]:
    """Write the patch, unless it is larger than anything that Kubernetes keeps."""
    text = joined(patch(topology, entries))
    if len(text.encode()) > CONFIG_MAP:
        return
    yield File(SERVICE, text)
    if entries.kubernetes:
        secrets = (secret(name, some) for name, some in spread(entries.kubernetes))
        head = joined(comment_lines(SECRETS))
        yield File(
            "operator/kubeconfigs.yml", head + "---\n".join(map(joined, secrets))
        )


def patch(topology: Topology, entries: Entries) -> Iterator[str]:
    yield from comment_lines(PATCH)
    head = {"apiVersion": "spinnaker.io/v1alpha2", "kind": "SpinnakerService"}
    yield from block({**head, "metadata": {"name": "spinnaker"}})
    yield "spec:"
    yield from (f"  {line}" for line in comment_lines(UNCHECKED))
    yield from block({"validation": {"providers": unchecked(entries)}}, 2)
    yield "  spinnakerConfig:"
    yield from block({"config": {"providers": providers(topology, entries)}}, 4)
    yield from placed(topology, entries)
    if isinstance(pod := topology.managing.identity, PodRole):
        account: Value = {"kubernetes": {"serviceAccountName": pod.service_account}}
        yield from block({"service-settings": {"clouddriver": account}}, 4)


def unchecked(entries: Entries) -> dict[str, Value]:
    off = {"enabled": False}
    used = {
        "aws": bool(entries.aws),
        "lambda": any(entry.lambda_enabled for entry in entries.aws),
        "kubernetes": bool(entries.kubernetes),
    }
    return {name: off for name, is_used in used.items() if is_used}


def providers(topology: Topology, entries: Entries) -> dict[str, Value]:
    """Return each provider that has accounts. Where none is named in the config, the
    first is its primary one.
    """
    clusters = [
        {**kubernetes_account(cluster), "kubeconfigFile": reference(name, cluster)}
        for name, some in spread(entries.kubernetes)
        for cluster in some
    ]
    accounts: dict[str, list[dict[str, Value]]] = {
        "aws": [aws_account(entry) for entry in entries.aws],
        "ecs": [ecs_account(entry) for entry in entries.ecs],
        "kubernetes": clusters,
    }
    known = nested(settings(topology.managing, entries, Place.HALCONFIG))
    found = {
        provider: {**known[provider], "accounts": listed}
        for provider, listed in accounts.items()
        if listed
    }
    # What a merging patch does not name stays as it is.
    none: Value = {"enabled": False, "accounts": []}
    return {**found, **dict.fromkeys(entries.emptied, none)}


def reference(secret: str, cluster: KubernetesEntry) -> str:
    return f"encryptedFile:k8s!n:{secret}!k:{cluster.name}.yml"


def placed(topology: Topology, entries: Entries) -> Iterator[str]:
    """Yield what hal's config cannot hold, each text as its own file has it."""
    texts = dict(profiles(topology, entries, Place.OPERATOR))
    deck = texts.pop(Service.DECK, "")
    if deck or texts:
        yield "    profiles:"
    for service, text in texts.items():
        yield f"      {service}:"
        yield from indented(text, 8)
    if deck:
        yield f"      {Service.DECK}:"
        yield f"        {Service.DECK.file}: |"
        yield from indented(deck, 10)


def secret(name: str, clusters: Sequence[KubernetesEntry]) -> Iterator[str]:
    yield from block({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}})
    yield "stringData:"
    for cluster in clusters:
        yield f"  {cluster.name}.yml: |"
        yield from indented(kubeconfig(cluster), 4)


def indented(text: str, spaces: int) -> Iterator[str]:
    for line in text.splitlines():
        yield " " * spaces + line
