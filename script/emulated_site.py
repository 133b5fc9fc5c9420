"""A site for a benchmark: PostgreSQL, a broker, and an emulated AWS that answers late.
Django has them, in this process and in workers.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import django
from django.db import connections

from script.emulated_organization import Account, Edge, seed, seed_member
from script.servers import (
    LOOPBACK,
    broker,
    emulated_aws,
    free_port,
    postgresql,
    wait_until,
)
from script.slow_network import delayed

WORKER = (sys.executable, "-m", "celery", "-A", "bowline", "worker")
LONG = 1200.0
"""Seconds after which a stage is given up."""


@contextmanager
def emulated_site(
    accounts: list[Account], delay: float, *, address: str = LOOPBACK, **settings: str
) -> Iterator[Path]:
    """Run the servers that a site needs, at this address, and yield their folder, where
    `asked.log` has the actions that AWS was asked for.
    """
    with TemporaryDirectory(prefix="bowline-bench-") as name:
        folder = Path(name)
        with (
            emulated_aws(folder / "aws") as near,
            delayed(near, delay, address=address, log=folder / "asked.log") as far,
            postgresql("" if address == LOOPBACK else address) as database,
            broker(folder, port=free_port(), address=address) as queue,
        ):
            credentials = seed(near)._replace(endpoint=far)
            session: Any = boto3.Session()
            for account in accounts:
                seed_member(Edge(session, near, account), account)
            os.environ |= {
                **credentials.environment,
                "DATABASE_URL": database,
                "DJANGO_SETTINGS_MODULE": "bowline.settings",
                "LOG_LEVEL": "WARNING",
                "REDIS_URL": queue,
                "SECRET_KEY": "only-for-a-benchmark",
                **settings,
            }
            django.setup()
            try:
                yield folder
            finally:
                connections.close_all()  # PostgreSQL waits for its clients


def until_ready(log: Path) -> None:
    """Wait until the worker that writes this log is."""
    wait_until(
        lambda: "ready." in log.read_text(), what="No worker was ready", seconds=LONG
    )
