"""The servers of the demo, the tests and script/bench start, answer and end."""

from __future__ import annotations

import json
import os
import signal
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
from script.emulated_site import members
from script.servers import PATIENCE, free_port, running, serving, wait_until
from script.site import Server
from tests.servers import processes_of
from tests.strict_aws.answer import Answer, Refusal
from tests.strict_aws.proxy import StrictAws
from tests.strict_aws.request import Request
from tests.strict_aws.trouble import Failing, Late


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


AWS = StrictAws("http://127.0.0.1:9", "100000000001", ())

DOWN = Refusal("ServiceFailure", "It is down.", 500)

ROLE = {"RoleArn": "arn:aws:iam::610000000000:role/any"}


def sleeping(tmp_path: Path) -> Server:
    return Server(
        lambda: serving(
            ["sleep", "60"],
            environment=os.environ,
            log=tmp_path / "log",
            ready=lambda: True,
        )
    )


def test_a_server_that_ended_by_itself_is_started_again(tmp_path: Path) -> None:
    server = sleeping(tmp_path)
    try:
        runs = server.tend()
        os.killpg(server.group, signal.SIGKILL)
        server.process.wait()
        ended = server.tend()

        assert (runs, ended, server.starts) == (False, True, 2)
        assert server.process.poll() is None
    finally:
        server.stop()


def test_a_server_that_is_killed_is_another_one_after(tmp_path: Path) -> None:
    server = sleeping(tmp_path)
    try:
        first = server.process
        server.again(killed=True)
        second = server.process
        server.again(killed=False)

        assert (first.returncode, second.returncode) == (
            -signal.SIGKILL,
            -signal.SIGTERM,
        )
        assert server.starts == 3
    finally:
        server.stop()
    assert server.process.returncode is not None


def asked(operation: str, key: str, **parameters: str) -> Request:
    return Request("sts", "us-east-1", operation, key, "query", parameters, operation)


def test_aws_fails_for_the_accounts_that_are_named_and_no_other() -> None:
    failing = Failing({"610000000000": DOWN})

    own = failing.instead(asked("GetRole", "610000000000"), AWS)
    entered = failing.instead(asked("AssumeRole", "100000000001", **ROLE), AWS)

    assert own == entered == DOWN.answer(asked("GetRole", "any"))
    assert failing.instead(asked("GetRole", "610000000001"), AWS) is None


def test_aws_fails_for_a_share_of_the_calls() -> None:
    failing = Failing({"610000000000": DOWN}, share=0.0)

    assert failing.instead(asked("GetRole", "610000000000"), AWS) is None


def test_a_late_answer_is_the_same(monkeypatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("tests.strict_aws.trouble.time.sleep", waited.append)
    answer = Answer(200, {}, b"yes")

    assert Late(0.3).changed(asked("GetRole", "any"), answer, AWS) is answer
    assert waited == [0.3]


def test_members_are_no_accounts_of_the_demo() -> None:
    ids = {one.account_id for one in members(3)}

    assert len(ids) == 3
    assert all(account_id.startswith("610") for account_id in ids)
