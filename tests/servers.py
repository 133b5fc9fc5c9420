"""Fixtures of real servers: AWS that enforces IAM, a broker, PostgreSQL, workers."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from subprocess import Popen
from typing import NamedTuple
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from script.emulated_organization import (
    EAST,
    Account,
    Credentials,
    Edge,
    seed,
    seed_account,
)
from script.servers import (
    LOOPBACK,
    answers,
    broker,
    emulated_aws,
    emulated_aws_environment,
    free_port,
    postgresql,
    serving,
    wait_until,
)

FORKING_AWS = Path(__file__).with_name("forking_aws.py")

StartWorker = Callable[..., "Popen[bytes]"]


class Seeded(NamedTuple):
    """An organization that was seeded, and as many emulators of it as are wanted."""

    asked_at: Path
    """The socket at which tests/forking_aws.py is asked for an emulator."""
    credentials: Credentials

    @contextmanager
    def forked(self) -> Iterator[Credentials]:
        """Run an emulator that knows the organization, and nothing of the others."""
        port = free_port()
        endpoint = f"http://{LOOPBACK}:{port}"
        with socket.socket(socket.AF_UNIX) as emulator:
            emulator.connect(str(self.asked_at))
            emulator.sendall(str(port).encode())
            wait_until(
                lambda: answers(f"{endpoint}/_ministack/health"),
                what="The emulated AWS was not ready",
            )
            yield self.credentials._replace(endpoint=endpoint)


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """Seed an organization, once for all workers of a run."""
    folder = tmp_path_factory.getbasetemp()
    of_all = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    state, kept = of_all / "seeded", of_all / "seeded.json"
    with (of_all / "seeded.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            with emulated_aws(state) as endpoint:
                credentials = seed(endpoint)
            kept.write_text(json.dumps(credentials))
    asked_at = folder / "forks"
    with serving(
        [sys.executable, str(FORKING_AWS), str(asked_at)],
        environment=emulated_aws_environment(free_port(), state),
        log=folder / "forks.log",
        ready=asked_at.exists,
    ):
        yield Seeded(asked_at, Credentials(*json.loads(kept.read_text())))


@pytest.fixture(scope="session")
def shared_organization(seeded: Seeded) -> Iterator[Credentials]:
    """Yield the organization that all tests share: leave it as you would find it."""
    with seeded.forked() as credentials:
        yield credentials


@pytest.fixture(scope="session")
def organization(shared_organization: Credentials) -> Credentials:
    return shared_organization


@pytest.fixture(scope="session")
def emulator(shared_organization: Credentials) -> str:
    """Return the endpoint of an emulated AWS."""
    return shared_organization.endpoint


@pytest.fixture
def own_organization(seeded: Seeded) -> Iterator[Credentials]:
    """Yield an organization for one test alone, which may change what it likes."""
    with seeded.forked() as credentials:
        yield credentials


def seed_member(edge: Edge, account: Account) -> None:
    """Make what onboarding an account with EC2 in the first region needs."""
    seed_account(edge, replace(account, network=EAST, key_pair=EAST))


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[str]:
    """Run the broker of tests.settings for one test: to all others it is away."""
    port = int(settings.CELERY_BROKER_URL.split(":")[-1].split("/")[0])
    with broker(tmp_path, port=port, log=tmp_path / "valkey.log"):
        yield settings.CELERY_BROKER_URL


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Yield the DATABASE_URL of a PostgreSQL."""
    with postgresql() as url:
        yield url


@pytest.fixture
def celery_worker(
    valkey: str, transactional_db: None, tmp_path: Path
) -> Iterator[StartWorker]:
    """Yield a function that starts a worker on the test's database.

    It takes what the worker's environment has beside the test's, and gives the ready
    worker's process, which leads a process group.
    """
    with ExitStack() as workers:

        def start(**environment: str) -> Popen[bytes]:
            number = len(list(tmp_path.glob("worker-*.log"))) + 1
            command = [sys.executable, "-m", "celery", "-A", "bowline", "worker"]
            options = ["--concurrency=1", "--loglevel=INFO", "--without-mingle"]
            log = tmp_path / f"worker-{number}.log"
            return workers.enter_context(
                serving(
                    [*command, *options, f"--hostname=worker-{number}@%h"],
                    environment=on_the_tests_database(valkey) | environment,
                    log=log,
                    ready=lambda: "ready." in log.read_text(),
                )
            )

        yield start


@pytest.fixture
def celery_beat(valkey: str, transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """Run the schedule of the site, for workers on the test's database."""
    command = [sys.executable, "-m", "celery", "-A", "bowline", "beat"]
    log = tmp_path / "beat.log"
    with serving(
        [*command, "--loglevel=INFO", f"--schedule={tmp_path / 'beat'}", "--pidfile="],
        environment=on_the_tests_database(valkey),
        log=log,
        ready=lambda: "maxinterval" in log.read_text(),
    ):
        yield


def processes_of(group: int) -> list[str]:
    """List the processes of a group that have not ended."""
    command = ["ps", "-A", "-o", "pgid=,stat=,args="]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    return [row[2] for row in rows if row[0] == str(group) and row[1][0] != "Z"]


def on_the_tests_database(broker: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "bowline.settings",
        "REDIS_URL": broker,
    }


def database_url() -> str:
    """Say how another process opens the database of this test."""
    database = connection.settings_dict
    name = quote(str(database["NAME"]))
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    who = f"{database['USER']}:{quote(database['PASSWORD'])}"
    where = f"host={quote(database['HOST'])}&port={database['PORT']}"
    return f"postgresql://{who}@/{name}?{where.removesuffix('&port=')}"
