"""Real servers for the demo and the tests: on loopback, on ports that are free."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

LOOPBACK = "127.0.0.1"


def free_port(preferred: int = 0) -> int:
    """Name a free port: the preferred one, one shortly above it, or any."""
    for port in (*range(preferred, preferred + 20), 0) if preferred else (0,):
        with socket.socket() as listener:
            # As the servers do, or a port would seem busy for a minute after them.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((LOOPBACK, port))
            except OSError:
                continue
            return int(listener.getsockname()[1])
    raise RuntimeError("This machine has no free port on 127.0.0.1.")


def wait_until(ready: Callable[[], object], *, what: str, seconds: float = 30) -> None:
    """Ask until the answer is true, and say what did not come about."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} within {seconds:g} seconds.")
        time.sleep(0.05)


@contextmanager
def running(
    command: list[str], *, environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in a group of its own, and end the whole group with the block."""
    with (
        log.open("ab") as output,
        subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process group to stop, and insist after ten seconds."""
    for number, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, number)
            process.wait(seconds)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue


def must_run(process: subprocess.Popen[bytes], log: Path) -> None:
    """Raise with the end of the log where the process has ended already."""
    if process.poll() is not None:
        raise RuntimeError(
            f"{process.args!r} ended with {process.returncode}:\n"
            + log.read_text(errors="replace")[-4000:]
        )


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def emulated_aws_environment(port: int, state: Path) -> dict[str, str]:
    """Say how ministack runs: enforcing IAM, on loopback, its state in one folder."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        # A key in its environment would be root there.
        if not name.startswith(("AWS_", "S3_", "LOCALSTACK_"))
    }
    return inherited | {
        "AUTH": "true",
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "LOG_LEVEL": "WARNING",
        "PERSIST_STATE": "1",
        "S3_DATA_DIR": str(state / "s3"),
        "STATE_DIR": str(state),
    }


@contextmanager
def emulated_aws(state: Path, *, port: int = 0) -> Iterator[str]:
    """Run ministack and yield its endpoint."""
    state.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    endpoint = f"http://{LOOPBACK}:{port}"
    log = state / "ministack.log"
    command = [sys.executable, "-m", "ministack"]
    environment = emulated_aws_environment(port, state)
    with running(command, environment=environment, log=log) as process:

        def ready() -> bool:
            must_run(process, log)
            return answers(f"{endpoint}/_ministack/health")

        wait_until(ready, what="The emulated AWS did not answer")
        yield endpoint
