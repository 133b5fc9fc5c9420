"""kubernetes/NAME/: a kubeconfig without a secret, and what the cluster must allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from onboarding.partitions import Arn
from onboarding.providers.entry_kinds import KubernetesEntry
from onboarding.spinnaker.bundle.archive import File
from onboarding.spinnaker.bundle.formats.kubeconfig import kubeconfig
from onboarding.spinnaker.entries import Entries
from onboarding.spinnaker.yaml_text import Value, document
from onboarding.topology import Topology

GROUP = "spinnaker"
"""The Kubernetes group, and the user's name, that an `aws-auth` entry gives."""
NAME = "bowline-spinnaker"
READ = ["get", "list", "watch"]
WRITE = ["create", "delete", "deletecollection", "get", "list", "patch", "update"]
WRITE += ["watch"]
DEPLOYED = {
    "": ["configmaps", "persistentvolumeclaims", "pods", "secrets", "services"],
    "apps": [
        *("daemonsets", "deployments", "deployments/scale", "replicasets"),
        *("replicasets/scale", "statefulsets", "statefulsets/scale"),
    ],
    "autoscaling": ["horizontalpodautoscalers"],
    "batch": ["cronjobs", "jobs"],
    "networking.k8s.io": ["ingresses", "networkpolicies"],
    "policy": ["poddisruptionbudgets"],
}
READ_ONLY = {
    "": [
        *("events", "namespaces", "pods/log", "replicationcontrollers"),
        "serviceaccounts",
    ],
    "apps": ["controllerrevisions"],
}

BY_ENTRY = """
Not needed: an EKS access entry with an access policy gives Spinnaker access.
Use it to replace that policy by rules of your own: give the entry the group {group}.
"""
BY_AWS_AUTH = """
Gives the group {group} what Spinnaker deploys and reads. See access.md for the order.
"""
EXISTING_ENTRY = """\
# How Spinnaker accesses cluster {cluster}

Nothing is left to do: an EKS access entry gives `{principal}` access, with
{policy} in {where}.

See what exists, as anyone who can read the cluster in {region}:

```sh
aws eks list-associated-access-policies --region {region} \\
  --cluster-name {cluster} --principal-arn {principal}
```

`ResourceNotFoundException` means that the entry is gone: plan the account again. An
answer without a policy means that someone removed the policy: plan again, too.

Prove it on the host that runs Clouddriver, which alone is that identity and in the
cluster's network:

```sh
kubectl --kubeconfig kubeconfig.yml auth can-i list pods {can_i}
```

“no” means that another identity asks (`aws sts get-caller-identity` names it). A
timeout means that the network doesn't reach the cluster's endpoint.

To give narrower rights than the policy's, see rbac.yml.
"""
ACCESS = """\
# Give Spinnaker access to cluster {cluster}

An administrator of the cluster does this once.

1. Add this to the list `{list}` of the ConfigMap `aws-auth`
   (`kubectl edit -n kube-system configmap/aws-auth`), and keep what is there:

   ```yaml
   - {kind}: "{arn}"
     username: "{group}"
     groups:
     - "{group}"
   ```

   The ARN has no path, also where the role has one: `aws-auth` knows no paths.

2. `kubectl apply -f rbac.yml`

3. On the host that runs Clouddriver:
   `kubectl --kubeconfig kubeconfig.yml auth can-i list pods {where}`
"""


def kubernetes(topology: Topology, entries: Entries) -> Iterator[File]:
    for entry in entries.kubernetes:
        folder = f"kubernetes/{entry.name}"
        yield File(f"{folder}/kubeconfig.yml", kubeconfig(entry))
        yield File(f"{folder}/rbac.yml", rbac(entry))
        explained = existing_entry(entry) if entry.by_access_entry else access(entry)
        yield File(f"{folder}/access.md", explained)


def rbac(entry: KubernetesEntry) -> str:
    """Bind the group to a role: in each namespace, or in the whole cluster."""
    comment = BY_ENTRY if entry.by_access_entry else BY_AWS_AUTH
    objects: list[str] = []
    for namespace in entry.namespaces or ("",):
        objects += [document(role(namespace)), document(binding(namespace))]
    head = "".join(f"# {line}\n" for line in comment.strip().splitlines())
    return head.format(group=GROUP) + "---\n".join(objects)


def role(namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role" if namespace else "ClusterRole",
        "metadata": metadata(namespace),
        "rules": [*rules(DEPLOYED, WRITE), *rules(READ_ONLY, READ)],
    }


def binding(namespace: str) -> dict[str, Any]:
    group = "rbac.authorization.k8s.io"
    kind = "Role" if namespace else "ClusterRole"
    return {
        "apiVersion": f"{group}/v1",
        "kind": f"{kind}Binding",
        "metadata": metadata(namespace),
        "roleRef": {"apiGroup": group, "kind": kind, "name": NAME},
        "subjects": [{"apiGroup": group, "kind": "Group", "name": GROUP}],
    }


def metadata(namespace: str) -> dict[str, str]:
    return {"name": NAME, **({"namespace": namespace} if namespace else {})}


def rules(resources: dict[str, list[str]], verbs: list[str]) -> Iterator[Value]:
    for group, names in resources.items():
        yield {"apiGroups": [group], "resources": names, "verbs": verbs}


def existing_entry(entry: KubernetesEntry) -> str:
    """Explain the access entry: what it is, how to see and to prove it."""
    namespaces = ", ".join(f"`{namespace}`" for namespace in entry.namespaces)
    return EXISTING_ENTRY.format(
        cluster=entry.cluster,
        region=entry.region,
        principal=entry.principal,
        policy=entry.access_policy,
        where=f"the namespaces {namespaces}" if namespaces else "the whole cluster",
        can_i=can_i(entry),
    )


def can_i(entry: KubernetesEntry) -> str:
    return f"-n {entry.namespaces[0]}" if entry.namespaces else "--all-namespaces"


def access(entry: KubernetesEntry) -> str:
    """Explain the `aws-auth` entry; its ARN loses the path that IAM allows."""
    principal = Arn.of(entry.principal)
    is_user = principal.kind == "user"
    without_path = replace(principal, resource=f"{principal.kind}/{principal.name}")
    return ACCESS.format(
        cluster=entry.cluster,
        list="mapUsers" if is_user else "mapRoles",
        kind="userarn" if is_user else "rolearn",
        arn=without_path,
        group=GROUP,
        where=can_i(entry),
    )
