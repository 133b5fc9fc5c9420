"""kubernetes/: read by real kubectl and judged by Kubernetes' own schemas."""

from __future__ import annotations

import base64
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client import Configuration
from kubernetes.config import load_kube_config

from onboarding.topology import ExistingIdentity, Topology
from tests.bundles import CA, eks, files_of, unpacked
from tests.factories import managed, topology
from tests.kubernetes import validate

KUBECTL = str(Path(sys.executable).parent / "kubectl")


def with_clusters(*clusters: dict[str, Any], **fields: Any) -> Topology:
    return topology(managed(eks(*clusters)), **fields)


def kubeconfig(folder: Path, bundled: Topology) -> dict[str, Any]:
    file = unpacked(bundled, folder) / "kubernetes/staging-apps/kubeconfig.yml"
    view = [KUBECTL, "config", "view", "--kubeconfig", str(file), "--raw", "-o", "json"]
    done = subprocess.run(view, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def objects(bundled: Topology) -> list[dict[str, Any]]:
    text = files_of(bundled)["kubernetes/staging-apps/rbac.yml"]
    return list(yaml.safe_load_all(text))


def test_kubectl_reads_the_cluster_with_its_ca_inline(tmp_path: Path):
    (found,) = kubeconfig(tmp_path, with_clusters())["clusters"]

    assert found["name"] == "staging-apps"
    assert found["cluster"] == {
        "server": "https://apps.eks.amazonaws.com",
        "certificate-authority-data": CA,
    }


def test_the_context_is_named_like_the_account_and_is_current(tmp_path: Path):
    found = kubeconfig(tmp_path, with_clusters())

    assert found["current-context"] == "staging-apps"
    assert found["contexts"][0]["name"] == "staging-apps"


def test_tokens_come_from_aws_by_v1beta1_without_a_role_or_an_external_id(
    tmp_path: Path,
):
    (user,) = kubeconfig(tmp_path, with_clusters())["users"]

    assert user["user"].keys() == {"exec"}
    command = user["user"]["exec"]
    assert command["apiVersion"] == "client.authentication.k8s.io/v1beta1"
    assert [command["command"], *command["args"]] == [
        *("aws", "--region", "us-east-1", "eks", "get-token"),
        *("--cluster-name", "apps", "--output", "json"),
    ]


def test_there_is_no_token_and_no_key():
    text = files_of(with_clusters())["kubernetes/staging-apps/kubeconfig.yml"]

    parsed = yaml.safe_load(text)
    assert not {"token", "password", "client-key-data"} & set(
        parsed["users"][0]["user"]
    )


def test_a_cluster_without_a_ca_yet_has_none(tmp_path: Path):
    found = kubeconfig(tmp_path, with_clusters({"certificate_authority": ""}))

    assert "certificate-authority-data" not in found["clusters"][0]["cluster"]


def test_each_cluster_has_a_folder_of_its_own():
    paths = files_of(with_clusters({"name": "apps"}, {"name": "jobs"}))

    assert "kubernetes/staging-apps/kubeconfig.yml" in paths
    assert "kubernetes/staging-jobs/kubeconfig.yml" in paths


@pytest.mark.parametrize("namespaces", [[], ["web"], ["web", "jobs"]])
def test_rbac_passes_kubernetes_own_schemas(namespaces: list[str]):
    for one in objects(with_clusters({"namespaces": namespaces})):
        validate(one, "1.33")


def test_all_namespaces_take_a_cluster_role():
    kinds = [one["kind"] for one in objects(with_clusters())]

    assert kinds == ["ClusterRole", "ClusterRoleBinding"]


def test_each_namespace_has_a_role_and_a_binding():
    found = objects(with_clusters({"namespaces": ["web", "jobs"]}))

    assert [(one["kind"], one["metadata"]["namespace"]) for one in found] == [
        ("Role", "web"),
        ("RoleBinding", "web"),
        ("Role", "jobs"),
        ("RoleBinding", "jobs"),
    ]


def test_ingresses_are_where_kubernetes_keeps_them_now():
    role = objects(with_clusters())[0]

    groups = {
        group
        for rule in role["rules"]
        for group in rule["apiGroups"]
        if "ingresses" in rule["resources"]
    }
    assert groups == {"networking.k8s.io"}


def test_nobody_is_made_a_cluster_admin():
    role = objects(with_clusters())[0]

    assert not any("*" in rule["verbs"] + rule["resources"] for rule in role["rules"])


def access(bundled: Topology) -> str:
    return files_of(bundled)["kubernetes/staging-apps/access.md"]


def test_an_access_entry_is_explained_by_what_stands():
    bundled = with_clusters({"namespaces": ["web", "jobs"], "rights": "admin"})

    words = " ".join(access(bundled).split())

    assert "Nothing is left to do" in words
    assert "AmazonEKSAdminPolicy in the namespaces `web`, `jobs`" in words
    assert "auth can-i list pods -n web" in words


def test_an_access_entry_for_all_namespaces_says_so():
    words = " ".join(access(with_clusters()).split())

    assert "AmazonEKSEditPolicy in the whole cluster" in words
    assert "auth can-i list pods --all-namespaces" in words


def test_what_stands_can_be_read_by_the_aws_cli():
    command = access(with_clusters()).split("```sh\n")[1].split("```")[0]

    words = shlex.split(command.replace("\\\n", " "))
    assert words == [
        *("aws", "eks", "list-associated-access-policies", "--region", "us-east-1"),
        *("--cluster-name", "apps", "--principal-arn"),
        "arn:aws:iam::911111111111:role/SpinnakerAuthRole",
    ]


@pytest.mark.parametrize(
    ("identity", "entry"),
    [
        ("role/spinnaker/Auth", 'rolearn: "arn:aws:iam::911111111111:role/Auth"'),
        ("user/ci/spinnaker", 'userarn: "arn:aws:iam::911111111111:user/spinnaker"'),
    ],
)
def test_the_aws_auth_entry_has_no_path(identity: str, entry: str):
    arn = f"arn:aws:iam::911111111111:{identity}"
    bundled = with_clusters({"access": "aws-auth"}, identity=ExistingIdentity(arn))

    text = files_of(bundled)["kubernetes/staging-apps/access.md"]

    assert entry in text


def test_the_group_of_the_aws_auth_entry_is_the_one_that_is_bound():
    bundled = with_clusters({"access": "aws-auth", "namespaces": ["web"]})

    text = files_of(bundled)["kubernetes/staging-apps/access.md"]
    entry = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])
    binding = objects(bundled)[1]
    assert entry[0]["groups"] == [binding["subjects"][0]["name"]]
    assert "can-i list pods -n web" in text


def test_the_python_client_reads_it_and_asks_aws_for_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = (
        unpacked(with_clusters(), tmp_path) / "kubernetes/staging-apps/kubeconfig.yml"
    )
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "kind": "ExecCredential",
        "status": {"token": "k8s-aws-v1.token"},
    }
    aws = tmp_path / "bin" / "aws"
    aws.parent.mkdir()
    aws.write_text(f"#!/bin/sh\necho {shlex.quote(json.dumps(credential))}\n")
    aws.chmod(0o755)
    monkeypatch.setenv("PATH", str(aws.parent), prepend=":")
    read = Configuration()

    load_kube_config(str(file), client_configuration=read)

    assert read.host == "https://apps.eks.amazonaws.com"
    assert list(read.api_key.values()) == ["Bearer k8s-aws-v1.token"]
    assert Path(read.ssl_ca_cert).read_bytes() == base64.b64decode(CA)
