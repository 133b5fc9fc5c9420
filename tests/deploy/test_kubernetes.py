"""deploy/ as a kustomize base: built by real kubectl, judged by Kubernetes' schemas,
and confined as its strictest standard for pods asks.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from accounts.work.heartbeat import PEOPLE, SCHEDULE
from tests.kubernetes import validate

ROOT = Path(__file__).parent.parent.parent
KUBECTL = str(Path(sys.executable).parent / "kubectl")
DOCUMENT = (ROOT / "docs" / "install" / "kubernetes.md").read_text()
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
SECRET = {"SECRET_KEY", "DATABASE_URL", "REDIS_URL"}
KINDS_OF_VOLUMES = {"emptyDir", "configMap", "secret", "projected", "downwardAPI"}

Object: TypeAlias = dict[str, Any]


def build(folder: Path) -> list[Object]:
    built = subprocess.run(
        [KUBECTL, "kustomize", str(folder)], capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    return [*yaml.safe_load_all(built.stdout)]


@cache
def objects() -> tuple[Object, ...]:
    return tuple(build(ROOT / "deploy"))


def pods() -> Iterator[tuple[str, Object]]:
    for one in objects():
        if template := one.get("spec", {}).get("template"):
            yield one["metadata"]["name"], template["spec"]


def containers() -> Iterator[tuple[str, Object]]:
    for name, pod in pods():
        for one in (*pod.get("initContainers", []), *pod["containers"]):
            yield f"{name}/{one['name']}", one


def named(kind: str, name: str) -> Object:
    (found,) = (
        one
        for one in objects()
        if one["kind"] == kind
        and re.fullmatch(rf"{name}(-[a-z0-9]{{10}})?", one["metadata"]["name"])
    )
    return found


def workload(name: str) -> Object:
    spec: Object = named("Deployment", f"bowline-{name}")["spec"]
    return spec


def container(name: str) -> Object:
    found = dict(containers())[f"bowline-{name}/{name}"]
    return found


def blocks(text: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("version", ["1.33", "1.37"])
def test_kubernetes_knows_every_field(version: str) -> None:
    assert {one["kind"] for one in objects()} == {
        "ConfigMap",
        "Deployment",
        "Job",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Service",
        "ServiceAccount",
    }
    for one in objects():
        validate(one, version)


def test_every_pod_meets_the_restricted_standard() -> None:
    for name, pod in pods():
        assert not {"hostNetwork", "hostPID", "hostIPC"} & {*pod}, name
        assert pod["automountServiceAccountToken"] is False, name
        context = pod["securityContext"]
        assert context["runAsNonRoot"] is True
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        for volume in pod["volumes"]:
            assert {*volume} - {"name"} <= KINDS_OF_VOLUMES, name
    for name, one in containers():
        context = one["securityContext"]
        assert context["allowPrivilegeEscalation"] is False, name
        assert context["readOnlyRootFilesystem"] is True, name
        assert context["capabilities"] == {"drop": ["ALL"]}, name
        assert context.get("runAsUser", 1) != 0, name
        assert "hostPort" not in str(one.get("ports")), name


def test_every_container_says_how_much_it_needs_and_may_have() -> None:
    for name, one in containers():
        assert {*one["resources"]["requests"]} == {"cpu", "memory"}, name
        assert "memory" in one["resources"]["limits"], name


def test_bowline_runs_as_the_image_is_made_and_writes_to_memory_only() -> None:
    uid = re.search(r"--uid (\d+)", (ROOT / "Dockerfile").read_text())
    assert uid

    for name, pod in pods():
        assert pod["securityContext"]["runAsUser"] == int(uid[1]), name
        assert pod["securityContext"]["fsGroup"] == int(uid[1]), name
        for volume in pod["volumes"]:
            if "emptyDir" in volume:
                assert volume["emptyDir"]["medium"] == "Memory", name
    for name, one in containers():
        if one["image"] == "bowline":
            mounts = {mount["mountPath"] for mount in one["volumeMounts"]}
            assert mounts == {"/tmp", "/app/var"}, name


def test_nothing_starts_before_the_migrations() -> None:
    for name, pod in pods():
        if name != "bowline-migrate":
            (first,) = pod["initContainers"]
            assert "migrate --check" in first["args"][-1], name
    job = container("migrate")
    assert job["args"] == ["python", "manage.py", "migrate", "--no-input"]


def test_only_nginx_reaches_gunicorn_and_is_believed() -> None:
    settings = named("ConfigMap", "bowline")["data"]
    nginx = dict(containers())["bowline-web/nginx"]
    environment = {one["name"]: one["value"] for one in nginx["env"]}

    assert "--bind=127.0.0.1:8000" in container("web")["args"]
    assert environment["BOWLINE_UPSTREAM"] == "127.0.0.1:8000"
    assert settings["TRUSTED_PROXIES"] == "127.0.0.1/32"


def test_nginx_has_every_variable_of_its_file_and_listens_where_it_says() -> None:
    nginx = dict(containers())["bowline-web/nginx"]
    environment = {one["name"]: one["value"] for one in nginx["env"]}
    template = named("ConfigMap", "bowline-nginx")["data"]["nginx.conf.template"]
    ports = {one["name"]: str(one["containerPort"]) for one in nginx["ports"]}
    folders = {mount["mountPath"] for mount in nginx["volumeMounts"]}

    assert template == (ROOT / "deploy" / "nginx.conf.template").read_text()
    wanted = set(re.findall(r"\$\{(\w+)\}", template))
    assert wanted == {name for name in environment if name.startswith("BOWLINE_")}
    assert ports["http"] == environment["BOWLINE_LISTEN_HTTP"]
    assert ports["https"] == environment["BOWLINE_LISTEN_HTTPS"]
    assert environment["BOWLINE_NGINX_FOLDER"] in folders
    assert environment["BOWLINE_TLS_FOLDER"] in folders
    assert nginx["image"] == COMPOSE["nginx"]["image"]
    assert nginx["securityContext"]["runAsUser"] == 101


def test_nobody_connects_to_a_pod_but_to_nginx() -> None:
    policies = [one["spec"] for one in objects() if one["kind"] == "NetworkPolicy"]
    for_all, for_web = policies

    assert for_all["podSelector"]["matchLabels"] == {
        "app.kubernetes.io/name": "bowline"
    }
    assert {*for_all["policyTypes"]} == {"Ingress", "Egress"}
    assert "ingress" not in for_all
    web = for_web["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
    ports = [one["port"] for rule in for_web["ingress"] for one in rule["ports"]]
    assert (web, ports) == ("web", ["http", "https"])


def test_no_pod_gets_the_credentials_of_its_node() -> None:
    rules = named("NetworkPolicy", "bowline")["spec"]["egress"]
    everywhere = [
        block["ipBlock"]
        for rule in rules
        for block in rule.get("to", [])
        if block["ipBlock"]["cidr"] in {"0.0.0.0/0", "::/0"}
    ]

    assert [block["except"] for block in everywhere] == [
        ["169.254.169.254/32"],
        ["fd00:ec2::254/128"],
    ]
    others = [one for rule in rules if "to" not in rule for one in rule["ports"]]
    assert {one["port"] for one in others} == {53}


def test_every_queue_has_workers_and_there_is_one_beat() -> None:
    for name, queue in (("worker", PEOPLE), ("schedule", SCHEDULE)):
        assert f"--queues={queue}" in container(name)["args"]
    beat = workload("beat")

    assert (beat["replicas"], beat["strategy"]) == (1, {"type": "Recreate"})


@pytest.mark.parametrize("name", ["worker", "schedule"])
def test_a_stopped_worker_has_time_to_leave_its_runs_to_others(name: str) -> None:
    settings = named("ConfigMap", "bowline")["data"]
    grace = workload(name)["template"]["spec"]["terminationGracePeriodSeconds"]

    assert settings["REMAP_SIGTERM"] == "SIGQUIT"
    assert 2 * int(settings["STOP_SECONDS"]) + 5 < grace


def test_every_setting_is_one_that_bowline_reads() -> None:
    known = set(
        re.findall(r"^#? ?(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    )
    own = {"AWS_DEFAULT_REGION", "REMAP_SIGTERM"}  # boto3's and Celery's

    assert {*named("ConfigMap", "bowline")["data"]} - own <= known
    assert known >= SECRET


def test_the_documented_kustomization_makes_it_ones_own(tmp_path: Path) -> None:
    kustomization, namespace = blocks(DOCUMENT)
    (tmp_path / "kustomization.yaml").write_text(kustomization)
    (tmp_path / "namespace.yaml").write_text(namespace)
    (tmp_path / "bowline").mkdir()
    copy = ["cp", "-r", str(ROOT / "deploy"), str(tmp_path / "bowline")]
    subprocess.run(copy, check=True)

    built = build(tmp_path)

    for one in built:
        validate(one, "1.37")
        if one["kind"] != "Namespace":
            assert one["metadata"]["namespace"] == "bowline"
    (account,) = (one for one in built if one["kind"] == "ServiceAccount")
    assert account["metadata"]["annotations"] == {
        "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/Bowline"
    }
    images = re.findall(r"image: (\S+)", yaml.safe_dump_all(built))
    assert set(images) == {
        "111122223333.dkr.ecr.eu-west-1.amazonaws.com/bowline:1.0",
        COMPOSE["nginx"]["image"],
    }
    settings = [one["data"] for one in built if one["kind"] == "ConfigMap"]
    (own,) = (data for data in settings if "AWS_REGION" in data)
    assert own["AWS_REGION"] == "eu-west-1"
    assert own["TRUSTED_PROXIES"] == "127.0.0.1/32"  # merged, not replaced


def test_the_documented_secrets_are_those_that_pods_read() -> None:
    literals = set(re.findall(r"--from-literal=(\w+)=", DOCUMENT))
    wanted = {
        reference["secretRef"]["name"]
        for _, one in containers()
        for reference in one.get("envFrom", [])
        if "secretRef" in reference
    }
    mounted = {
        volume["secret"]["secretName"]
        for _, pod in pods()
        for volume in pod["volumes"]
        if "secret" in volume
    }

    assert literals == SECRET
    assert wanted == {"bowline"}
    assert mounted == {"bowline-tls"}
    for name in (*wanted, *mounted):
        assert re.search(rf"create secret (generic|tls) {name} ", DOCUMENT)
