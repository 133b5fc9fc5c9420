"""A kubeconfig without a secret: whoever may be Spinnaker gets a token by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from onboarding.providers.entry_kinds import KubernetesEntry
from onboarding.spinnaker.yaml_text import Value, document

FOLDER = "bowline-kubeconfigs"
KUBECONFIGS = f"/opt/spinnaker/config/{FOLDER}"
"""Where Clouddriver finds kubeconfigs, as NAME.yml."""
APIECE = 50
"""Kubeconfigs in one ConfigMap or Secret: 100 kB, so that `kubectl apply` takes it."""

KUBECONFIG_WHY = """
Use this file as {principal}:
`aws eks get-token` signs as that identity, so there is no secret here.
"""


def kubeconfig(entry: KubernetesEntry) -> str:
    cluster: dict[str, Value] = {"server": entry.endpoint}
    if entry.certificate_authority:
        cluster["certificate-authority-data"] = entry.certificate_authority
    get_token = ["--region", entry.region, "eks", "get-token"]
    get_token += ["--cluster-name", entry.cluster, "--output", "json"]
    command: Value = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": get_token,
        "interactiveMode": "Never",
    }
    name = entry.name
    value: Value = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": {"exec": command}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    return document(value, comment=KUBECONFIG_WHY.format(principal=entry.principal))


def spread(
    clusters: Sequence[KubernetesEntry],
) -> Iterator[tuple[str, Sequence[KubernetesEntry]]]:
    """Spread the clusters over named ConfigMaps or Secrets."""
    for start in range(0, len(clusters), APIECE):
        number = start // APIECE + 1
        name = FOLDER if number == 1 else f"{FOLDER}-{number}"
        yield name, clusters[start : start + APIECE]
