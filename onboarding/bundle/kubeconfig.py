"""A kubeconfig without a secret: whoever may be Spinnaker gets a token by it."""

from __future__ import annotations

from onboarding.bundle.yaml_text import Value, document
from onboarding.spinnaker import KubernetesEntry

FOLDER = "bowline-kubeconfigs"
KUBECONFIGS = f"/opt/spinnaker/config/{FOLDER}"
"""Where Clouddriver is told to find kubeconfigs, as NAME.yml."""

KUBECONFIG_WHY = """
Whoever reads this file must be {principal}:
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
