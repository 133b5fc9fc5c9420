"""The servers of the demo and the tests start, answer and end."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from urllib.request import urlopen

import psycopg
import pytest

from bowline.celery import app
from script.servers import PATIENCE, free_port, running, wait_until
from tests.servers import processes_of


def test_free_port_passes_over_a_busy_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        taken = busy.getsockname()[1]

        assert free_port(taken) != taken


def test_a_port_is_named_once_although_nobody_listens_yet() -> None:
    ask = "from script.servers import free_port; print(free_port({}), end='')"
    first = free_port()

    assert free_port(first) != first
    elsewhere = subprocess.run(
        [sys.executable, "-c", ask.format(first)], capture_output=True, check=True
    )
    assert int(elsewhere.stdout) != first


def test_a_port_is_none_that_an_outgoing_connection_may_take_meanwhile() -> None:
    outgoing = Path("/proc/sys/net/ipv4/ip_local_port_range")
    lowest = int(outgoing.read_text().split()[0]) if outgoing.exists() else 49_152

    assert free_port() < lowest


def test_running_ends_the_grandchildren_too(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    parent = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    )

    with running([sys.executable, "-c", parent], environment=os.environ, log=log):
        wait_until(lambda: log.read_text().endswith("\n"), what="No child was born")
    grandchild = int(log.read_text())

    wait_until(lambda: not Path(f"/proc/{grandchild}").exists(), what="It did not end")


@pytest.mark.parametrize("user", [None, "nobody"])
def test_a_server_ends_with_who_started_it_even_if_that_is_killed(
    tmp_path: Path, user: str | None
) -> None:
    if user and os.geteuid() != 0:
        pytest.skip("Only root starts servers as somebody else.")
    log = tmp_path / "log"
    log.touch()
    child = "trap '' TERM; (trap '' TERM; echo $$; exec sleep 60) & wait"
    parent = (
        "import os, pathlib, time; from script.servers import running\n"
        f"with running(['sh', '-c', {child!r}], environment=os.environ,"
        f" log=pathlib.Path({str(log)!r}), user={user!r}): time.sleep(60)"
    )

    with Popen([sys.executable, "-c", parent]) as process:
        wait_until(
            lambda: log.read_text().endswith("\n"),
            what="No server started",
            seconds=PATIENCE,
        )
        process.kill()
    group = int(log.read_text())

    wait_until(lambda: not processes_of(group), what="The server did not end")


def test_wait_until_says_what_did_not_come_about() -> None:
    with pytest.raises(TimeoutError, match="Nothing happened within 0"):
        wait_until(lambda: False, what="Nothing happened", seconds=0)


def test_the_emulated_aws_does_not_listen_for_devices(emulator: str) -> None:
    with urlopen(f"{emulator}/_ministack/ready") as response:
        assert json.load(response)["iot_mtls"] == "disabled"


def test_postgres_answers(postgres: str) -> None:
    with psycopg.connect(postgres) as connection:
        answer = connection.execute("SELECT 1").fetchone()

    assert answer == (1,)


def test_a_worker_answers_on_the_broker(
    celery_worker: Callable[..., Popen[bytes]],
) -> None:
    celery_worker()

    assert app.control.ping(timeout=2)
