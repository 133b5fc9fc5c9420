"""docker-compose.yml confines every container, and publishes nginx alone."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from accounts.help.documents import documents
from accounts.work.heartbeat import PEOPLE, SCHEDULE
from bowline.environment.variables import Environment
from onboarding import VERSION
from script.emulated_site import MEMORY
from script.site import QUEUES

ROOT = Path(__file__).parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def folders(service: dict[str, Any]) -> dict[str, str]:
    """Give the folders in memory with their options."""
    mounts = [str(mount).partition(":") for mount in service.get("tmpfs", [])]
    return {folder: options for folder, _, options in mounts}


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_read_only_and_has_no_capabilities(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"cap_add", "privileged", "devices", "pid"} & {*service}


@pytest.mark.parametrize("name", SERVICES)
def test_no_container_runs_as_root(name: str) -> None:
    service = SERVICES[name]
    own = re.findall(r"^USER (\w+)$", DOCKERFILE, re.MULTILINE)
    user = service.get("user", own[-1] if service["image"] == "bowline" else "root")

    assert user.partition(":")[0] not in {"root", "0"}


def test_the_image_says_what_it_is_and_runs_as_the_user_that_it_adds() -> None:
    labels = dict(
        re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]+)"', DOCKERFILE)
    )
    users = re.findall(r"^USER (\w+)$", DOCKERFILE, re.MULTILINE)

    assert {*labels} == {"title", "description", "version", "licenses"}
    assert labels["version"] == VERSION
    assert users == re.findall(r"--uid (\d+)", DOCKERFILE)


def test_the_image_keeps_no_memory_that_its_threads_gave_back() -> None:
    """The site of script/bench asks the C library for the same."""
    asked = re.findall(r"^    (MALLOC_\w+)=(\d+)", DOCKERFILE, re.MULTILINE)

    assert {*MEMORY.items()} == {*asked}
    assert {*MEMORY} == {"MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_"}


def test_only_nginx_is_reached_from_outside_and_on_ports_for_anybody() -> None:
    published = {name for name, service in SERVICES.items() if "ports" in service}
    inside = [int(port.split(":")[-1]) for port in SERVICES["nginx"]["ports"]]

    assert published == {"nginx"}
    assert min(inside) > 1023  # without capabilities


def test_bowline_believes_the_network_that_it_shares_with_nginx_alone() -> None:
    in_front = {
        name
        for name, service in SERVICES.items()
        if "front" in service.get("networks", ["default"])
    }
    subnet = COMPOSE["networks"]["front"]["ipam"]["config"][0]["subnet"]
    believed = SERVICES["web"]["environment"]["TRUSTED_PROXIES"]
    default = re.search(r":-([0-9./]+)\}", subnet)

    assert in_front == {"nginx", "web"}
    assert believed.split(",")[0] == subnet
    assert default
    assert ip_network(default[1]).is_private


def test_nginx_finds_the_site_where_it_was_after_a_restart() -> None:
    """nginx looks a name up once, when it starts."""
    network = ip_network("172.31.213.0/28")
    address = SERVICES["web"]["networks"]["front"]["ipv4_address"]
    default = re.search(r":-([0-9.]+)\}", address)

    assert default
    # Others get theirs from the beginning of the network.
    assert ip_address(default[1]) == [*network.hosts()][-1]


def test_no_container_starts_without_its_secrets() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    used = re.findall(r"\$\{(SECRET_KEY|POSTGRES_PASSWORD)\b(.*?)\}", text)

    assert len(used) == 3
    assert [one for one in used if one[1] != f":?Set {one[0]} in .env"] == []


def test_both_compose_1_and_2_know_what_it_says() -> None:
    """Compose 1.29 has no version to ask for, and no such restart of a dependency."""
    waits = [
        one
        for service in SERVICES.values()
        if isinstance(after := service.get("depends_on", {}), dict)
        for one in after.values()
    ]

    assert waits
    assert [one for one in waits if one.keys() != {"condition"}] == []
    assert COMPOSE.keys() == {"x-confined", "x-bowline", *COMPOSE_1}


COMPOSE_1 = ("services", "networks", "volumes")


def test_what_bowline_writes_is_in_memory() -> None:
    """Uploads go to /tmp, beat's schedule to var, gunicorn's heartbeat to /dev/shm,
    which is memory in every container."""
    uid = re.search(r"--uid (\d+)", DOCKERFILE)
    assert uid

    for name in ("web", "worker", "schedule", "beat", "migrate"):
        mounted = folders(SERVICES[name])
        assert {*mounted} == {"/tmp", "/app/var"}
        assert f"uid={uid[1]}" in mounted["/app/var"]
    gunicorn = (ROOT / "deploy" / "gunicorn.conf.py").read_text()
    assert 'worker_tmp_dir = "/dev/shm"' in gunicorn


def test_every_variable_of_the_nginx_file_is_set_and_its_folder_is_memory() -> None:
    template = (ROOT / "deploy" / "nginx.conf.template").read_text()
    nginx = SERVICES["nginx"]
    wanted = set(re.findall(r"\$\{(\w+)\}", template))
    environment = nginx["environment"]

    assert wanted == {name for name in environment if name.startswith("BOWLINE_")}
    assert environment["BOWLINE_NGINX_FOLDER"] in folders(nginx)
    assert environment["NGINX_ENVSUBST_OUTPUT_DIR"] in folders(nginx)
    assert f"{environment['NGINX_ENVSUBST_OUTPUT_DIR']}/nginx.conf" in nginx["command"]


def test_gunicorn_keeps_connections_longer_than_nginx() -> None:
    template = (ROOT / "deploy" / "nginx.conf.template").read_text()
    gunicorn = (ROOT / "deploy" / "gunicorn.conf.py").read_text()
    in_front = re.search(r"upstream.*?keepalive_timeout (\d+)s", template, re.DOTALL)
    behind = re.search(r"^keepalive = (\d+)$", gunicorn, re.MULTILINE)

    assert in_front
    assert behind
    assert int(behind[1]) > int(in_front[1])


def test_every_queue_has_workers_and_what_people_wait_for_has_its_own() -> None:
    served = {
        name: command.split("--queues ")[1].split()[0]
        for name, service in SERVICES.items()
        if " worker " in (command := str(service.get("command")))
    }

    assert served == {"worker": PEOPLE, "schedule": SCHEDULE}
    assert QUEUES.split(",") == [PEOPLE, SCHEDULE]


def test_a_stopped_worker_has_time_to_leave_its_runs_to_others() -> None:
    environment = SERVICES["worker"]["environment"]
    seconds = Environment().STOP_SECONDS
    grace = int(SERVICES["worker"]["stop_grace_period"].rstrip("s"))

    assert environment["REMAP_SIGTERM"] == "SIGQUIT"
    assert 2 * seconds + 5 < grace
    assert SERVICES["schedule"]["stop_grace_period"] == f"{grace}s"


def test_postgres_allows_a_connection_for_each_thread() -> None:
    site = Environment()
    more = 3  # what a process of a worker opens besides
    needed = (
        2 * site.WEB_THREADS
        + 2 * (site.RUN_THREADS + more)
        + site.SCHEDULE_THREADS
        + more
    )
    allowed = re.search(r"max_connections=(\d+)", SERVICES["postgres"]["command"])

    assert allowed
    assert needed <= 120 < int(allowed[1])


def test_the_image_has_the_documents_that_help_shows() -> None:
    """And their pictures, but not what only the repository shows."""
    copied = {
        name
        for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.MULTILINE)
        for name in line.split()[:-1]
    }
    ignored = (ROOT / ".dockerignore").read_text().split()
    excluded = {
        str(path.relative_to(ROOT))
        for pattern in ignored
        if pattern.startswith("docs")
        for path in ROOT.glob(pattern)
    }

    shipped = (ROOT / "docs").glob("*/*.md")
    assert {document.path for document in documents()} <= {
        *copied,
        *(f"docs/{path.parent.name}/{path.name}" for path in shipped),
    }
    assert {"accounts", "docs"} <= copied  # the help texts, and the documents
    assert not {"docs", "*.md", "**/*.md", "SECURITY.md"} & {*ignored}
    shown = re.findall(
        r"\]\(\.\./(pages/[^)]+webp)\)",
        "".join(document.text for document in documents()),
    )
    assert {f"docs/{picture}" for picture in shown}.isdisjoint(excluded)
    assert "docs/pages/account-390-dark.webp" in excluded


@pytest.mark.parametrize("name", ["worker", "schedule"])
def test_workers_have_the_folders_that_secrets_are_read_from(name: str) -> None:
    wanted = {
        str(field.default)
        for variable, field in Environment.model_fields.items()
        if variable.endswith("_SECRET_DIRECTORY")
    }

    mounted = [mount.split(":") for mount in SERVICES[name]["volumes"]]

    assert {inside for _, inside, _ in mounted} == wanted
    assert {options for *_, options in mounted} == {"ro"}
