"""Fixtures of real servers: AWS that enforces IAM, a broker, PostgreSQL, workers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from subprocess import Popen
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
from script.servers import broker, emulated_aws, postgresql, serving

StartWorker = Callable[..., "Popen[bytes]"]


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the endpoint of an emulated AWS."""
    state = tmp_path_factory.mktemp("aws")
    with emulated_aws(state) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def organization(emulator: str) -> Credentials:
    """Seed the organization, once for all tests: leave it as you would find it."""
    return seed(emulator)


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Credentials]:
    """Seed an organization, and keep the files in which the emulator remembers it."""
    state = tmp_path_factory.mktemp("seeded")
    with emulated_aws(state) as endpoint:
        credentials = seed(endpoint)
    return state, credentials


@pytest.fixture
def own_organization(
    seeded: tuple[Path, Credentials], tmp_path: Path
) -> Iterator[Credentials]:
    """Yield an organization for one test alone, which may change what it likes."""
    state, credentials = seeded
    shutil.copytree(state, tmp_path / "aws")
    with emulated_aws(tmp_path / "aws") as endpoint:
        yield credentials._replace(endpoint=endpoint)


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
        ready=lambda: "beat: Starting..." in log.read_text(),
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
