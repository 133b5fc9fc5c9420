"""The emulated site that script/bench measures and script/screenshots looks at: all
servers, PostgreSQL among them, next to an emulated AWS that enforces IAM.
"""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3

from script.emulated_organization import (
    MANAGING,
    Account,
    Credentials,
    Edge,
    seed,
    seed_account,
)
from script.servers import LOOPBACK, PostgreSQL, free_port, ministack
from script.site import Server, Site
from tests.strict_aws.answer import Answer, Refusal
from tests.strict_aws.proxy import Behaviour, StrictAws, strict_aws
from tests.strict_aws.request import Request

IMAGE = Path(__file__, "../../Dockerfile").resolve().read_text()
MEMORY = dict(re.findall(r"\b(MALLOC_\w+)=(\d+)", IMAGE))
"""How the image asks the C library to keep memory."""
DROPPED = ("AWS_", "S3_", "LOCALSTACK_", "PG", "COVERAGE_")
"""What this shell knows of another AWS or database does not reach the site."""


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
    group: int
    """The emulator's processes."""

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
    failing, port = Failing(), free_port()
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
                    yield site, Aws(near, own, failing, session, emulator.pid)


@contextmanager
def running_site(folder: Path, **settings: str) -> Iterator[Site]:
    """Run the database and the broker of a site, and tend all that is started."""
    for part in ("tmp", "postgresql", "static"):
        (folder / part).mkdir()
    database, broker = PostgreSQL.made_in(folder / "postgresql"), free_port()
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(DROPPED)
    }
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
    site = Site(folder, {**inherited, **own, **settings}, port=free_port())
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
