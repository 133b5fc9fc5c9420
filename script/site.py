"""The servers of a site, in one folder, as docker-compose.yml runs them: script/demo,
script/bench and script/screenshots run one. Each server can be ended and started again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event, Lock, Thread

from script.servers import LOOPBACK, PATIENCE, Ended, answers, broker, serving

PYTHON = (sys.executable, "-m")
CELERY = (*PYTHON, "celery", "--app", "bowline")
QUEUES = "bowline,schedule"
LAST = 30.0
"""Seconds for a server to end when it is asked to."""

Begin = Callable[[], AbstractContextManager[subprocess.Popen[bytes]]]


class Server:
    """A server that ends, by itself or killed, and begins again."""

    def __init__(self, begin: Begin, *, ended_by: signal.Signals = signal.SIGTERM):
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
            self.process.wait(LAST)
        self.stack.close()

    def again(self, *, killed: bool) -> None:
        """End it, and all that it started, without a word if `killed`; start it."""
        with self.lock:
            if killed:
                os.killpg(self.group, signal.SIGKILL)
                self.process.wait()
                self.stack.close()
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
    """All servers of a site in one folder, with one database and one broker."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        *,
        port: int,
        patience: float = PATIENCE,
    ) -> None:
        self.folder, self.port, self.patience = folder, port, patience
        self.url = f"http://{LOOPBACK}:{port}"
        self.environment = {**environment, "REMAP_SIGTERM": "SIGQUIT"}
        self.servers: dict[str, Server] = {}
        self.ended = Counter[str]()
        """Servers that ended by themselves, and were started again."""
        (folder / "log").mkdir(parents=True, exist_ok=True)

    def run_python(self, *arguments: str, may_fail: bool = False) -> str:
        """Run Python in the site's environment; show what it says where it fails."""
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode and not may_fail:
            raise ChildProcessError(f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def manage(self, *arguments: str, may_fail: bool = False) -> str:
        return self.run_python("manage.py", *arguments, may_fail=may_fail)

    def make(self) -> None:
        """Bring tables, static files and people up to date."""
        self.run_python("-m", "script.demo_site")

    @contextmanager
    def running(self) -> Iterator[None]:
        """End all that was started with the block."""
        try:
            yield
        finally:
            for server in reversed(self.servers.values()):
                server.stop()

    @contextmanager
    def tended(self) -> Iterator[None]:
        """Start again a server that ends by itself, as Docker and Kubernetes do."""
        over = Event()
        tending = Thread(target=self.tend, args=[over], daemon=True)
        tending.start()
        try:
            yield
        finally:
            over.set()
            tending.join()

    def tend(self, over: Event) -> None:
        while not over.wait(1):
            for name, server in [*self.servers.items()]:
                try:
                    self.ended[name] += server.tend()
                except (ChildProcessError, TimeoutError):
                    traceback.print_exc()

    def check(self) -> None:
        """Raise `Ended` where a server has."""
        for name, server in self.servers.items():
            if (code := server.process.poll()) is not None:
                raise Ended(self.log(name), code)

    def start(
        self,
        name: str,
        *command: str,
        ready: Callable[[], object] = lambda: True,
        says: str = "",
    ) -> None:
        """Start a server, which may say in its log that it is ready."""
        log = self.log(name)
        log.touch()

        def begin() -> AbstractContextManager[subprocess.Popen[bytes]]:
            before = log.read_text().count(says)

            def is_ready() -> object:
                said = not says or log.read_text().count(says) > before
                return said and ready()

            return serving(
                [*command],
                environment=self.environment,
                log=log,
                ready=is_ready,
                patience=self.patience,
            )

        self.servers[name] = Server(begin)

    def start_broker(self, port: int) -> None:
        folder, log = self.folder / "broker", self.log("broker")
        self.servers["broker"] = Server(
            lambda: broker(folder, port=port, log=log, keeps=True)
        )

    def start_web(self) -> None:
        self.start(
            "web",
            *(*PYTHON, "gunicorn", "bowline.wsgi"),
            *("--config", "deploy/gunicorn.conf.py"),
            *("--bind", self.url.removeprefix("http://")),
            ready=lambda: answers(f"{self.url}/healthz"),
        )

    def start_worker(
        self, name: str = "worker", *, queues: str = QUEUES, processes: int = 2
    ) -> None:
        self.start(
            name,
            *(*CELERY, "worker", "--loglevel", "INFO", "--queues", queues),
            *("--concurrency", str(processes), "--hostname", f"{name}@%h"),
            says="ready.",
        )

    def start_beat(self) -> None:
        schedule = str(self.folder / "beat-schedule")
        self.start(
            "beat", *CELERY, "beat", "--loglevel", "INFO", "--schedule", schedule
        )

    def log(self, name: str) -> Path:
        return self.folder / "log" / f"{name}.log"
