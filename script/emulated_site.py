"""The emulated site that script/bench measures and script/screenshots looks at: all
servers, PostgreSQL among them, next to an emulated AWS that enforces IAM.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import boto3
import psutil

from script.emulated_organization import (
    EAST,
    MANAGING,
    Account,
    Edge,
    seed,
    seed_account,
)
from script.servers import LOOPBACK, PostgreSQL, free_port, inherited, ministack
from script.site import Server, Site
from tests.strict_aws.proxy import strict_aws
from tests.strict_aws.trouble import Failing, Late

IMAGE = Path(__file__, "../../Dockerfile").resolve().read_text()
MEMORY = dict(re.findall(r"\b(MALLOC_\w+)=(\d+)", IMAGE))
"""How the image asks the C library to keep memory."""


@dataclass(frozen=True)
class Aws:
    """The emulated AWS: Bowline calls it through a proxy, which has behaviours."""

    near: str
    """Where the emulator itself answers: Bowline doesn't call it."""
    failing: Failing
    session: Any
    group: int
    """The emulator's processes."""

    def edge(self, account_id: str) -> Edge:
        """Give the account's AWS with the rights of its root."""
        return Edge(self.session, self.near, Account(name="", account_id=account_id))

    def add(self, account: Account) -> None:
        """Make what a deployment to the account needs."""
        seed_account(Edge(self.session, self.near, account), account)


@contextmanager
def emulated_site(
    accounts: Iterable[Account], *, delay: float = 0.0, **settings: str
) -> Iterator[tuple[Site, Aws]]:
    """Run a site with a database, a broker, and these accounts in AWS, which answers
    this many seconds late.
    """
    failing, port = Failing(share=0.5), free_port()
    near = f"http://{LOOPBACK}:{port}"
    with TemporaryDirectory(prefix="bowline-site-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL runs as nobody where this is root
        log = folder / "aws.log"
        with ministack(folder / "aws", port=port, log=log) as emulator:
            own = seed(near, accounts)
            with strict_aws(near, MANAGING.account_id, failing, Late(delay)) as far:
                known = own._replace(endpoint=far.endpoint).environment
                with running_site(folder, **settings, **known) as site:
                    session = boto3.Session()
                    yield site, Aws(near, failing, session, emulator.pid)


@contextmanager
def running_site(folder: Path, **settings: str) -> Iterator[Site]:
    """Run the database and the broker of a site, and tend all that is started."""
    for part in ("tmp", "postgresql", "static"):
        (folder / part).mkdir()
    database, broker = PostgreSQL.made_in(folder / "postgresql"), free_port()
    own = {
        "ALLOWED_HOSTS": f"{LOOPBACK},testserver",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "DATABASE_URL": database.url,
        "DJANGO_SETTINGS_MODULE": "bowline.settings",
        "HTTPS": "false",
        "REDIS_URL": f"redis://{LOOPBACK}:{broker}/0",
        "SECRET_KEY": "only-for-a-bench-and-never-for-a-site-of-anybody",
        "STATIC_ROOT": str(folder / "static"),
        "TMPDIR": str(folder / "tmp"),
        **MEMORY,
    }
    site = Site(folder, {**inherited(), **own, **settings}, port=free_port())
    with site.running(), site.tended():
        site.servers["PostgreSQL"] = Server(
            database.running,
            ended_by=signal.SIGINT,  # by SIGTERM it waits for its clients
        )
        site.start_broker(broker)
        site.make()
        yield site


def members(count: int) -> list[Account]:
    """Name accounts with what a deployment by EC2 needs."""
    return [
        Account(
            name=f"member-{number}",
            account_id=str(610_000_000_000 + number),
            network=EAST,
            key_pair=EAST,
        )
        for number in range(count)
    ]


class Asked(NamedTuple):
    """What a work measures: one column of its table."""

    case: str
    accounts: int
    minutes: float = 0.0


class Measured(NamedTuple):
    figures: dict[str, float | str]
    """By what they are, with their unit."""
    wrong: Sequence[str] = ()
    """What went otherwise than it should."""


class Usage(NamedTuple):
    cpu: float = 0.0
    """Seconds, with those of children that ended."""
    memory: float = 0.0
    """Megabytes that they wrote, of which what is shared counts once. Those of files
    depend on which other programs have the same libraries loaded.
    """


def usage(*groups: int) -> Usage:
    """Add up what the processes of these groups use."""
    total = Usage()
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):  # it has just ended
            if os.getpgid(process.pid) in groups:
                total = Usage(
                    total.cpu + sum(process.cpu_times()[:4]),
                    total.memory + written_memory(process.pid),
                )
    return total


def written_memory(process: int) -> float:
    with open(f"/proc/{process}/smaps_rollup") as file:
        kilobytes = {name: int(size) for name, size, *_ in map(str.split, [*file][1:])}
    return (kilobytes["Pss_Anon:"] + kilobytes["SwapPss:"]) / 2**10
