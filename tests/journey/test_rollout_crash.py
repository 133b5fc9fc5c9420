"""kill -9 of workers and of PostgreSQL in the middle of a rollout: nothing twice,
nothing lost, no wave skipped.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory

import pytest
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from accounts.models import ManagingAccount, Rollout, Run
from accounts.runs import rollouts
from accounts.tasks import sweep
from bowline.environment.variables import database
from script.emulated_organization import Credentials
from script.servers import PostgreSQL, wait_until
from tests.journey import many
from tests.journey.deadly_proxy import deadly_proxy
from tests.servers import StartWorker

KILLED_AT = (1, 6, 18, 6 * many.ACCOUNTS)
"""Which change in AWS a worker does not survive: the managing account's first, one of
the first wave, and later ones."""

SAYS_SO = re.compile("could not find which runs wait|is continued soon|tries again")
"""What a worker logs that can't reach the database."""


def let_time_pass(rollout: Rollout) -> None:
    """Move the dead worker's leases, and the messages it had, into the past."""
    past = timezone.now() - timedelta(minutes=5)
    Run.objects.filter(rollout=rollout).update(leased_until=past, queued_at=past)
    ManagingAccount.objects.update(leased_until=past)


@pytest.mark.django_db(transaction=True)
def test_a_rollout_whose_workers_are_killed_ends_as_any_other(
    own_aws: Credentials, celery_worker: StartWorker
) -> None:
    accounts = many.organization_of(own_aws)
    heard = many.Heard()
    workers: list[Popen[bytes]] = []

    def kill(change: str) -> bool:
        if heard.number(change) not in KILLED_AT:
            return False
        os.killpg(workers[-1].pid, signal.SIGKILL)
        return True

    with deadly_proxy(own_aws.endpoint, kill) as endpoint:
        environment = own_aws.environment | {"AWS_ENDPOINT_URL": endpoint}
        rollout = rollouts.start(accounts, Rollout.Kind.ONBOARD, None)
        workers.append(celery_worker(**environment))
        many.approve_all(rollout)
        while many.state_of(rollout) != Rollout.State.FINISHED:
            wait_until(
                lambda: (
                    workers[-1].poll() is not None
                    or many.state_of(rollout) == Rollout.State.FINISHED
                ),
                what=f"No change and no end after {len(heard.changes)} changes",
                seconds=many.PATIENCE,
            )
            if workers[-1].poll() is not None:
                let_time_pass(rollout)
                sweep()
                workers.append(celery_worker(**environment))

    many.assert_it_ended_as_any_other(rollout, heard.changes)
    assert len(workers) == len(KILLED_AT) + 1


DIES_AT = (3, 20, 6 * many.ACCOUNTS)
"""After which change in AWS: in the managing account, in the first wave, and later."""


class Database:
    """PostgreSQL, which keeps its data when it dies."""

    def __init__(self, folder: Path) -> None:
        self.server = PostgreSQL.made_in(folder)
        self.dead = threading.Event()
        self.stack = ExitStack()

    def start(self) -> None:
        self.process = self.stack.enter_context(self.server.running())
        self.dead.clear()

    def die(self) -> None:
        """Kill it, and wait for those that it started: they hold on to its memory."""
        asked = ["pgrep", "--parent", str(self.process.pid)]
        children = subprocess.check_output(asked, text=True).split()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        wait_until(
            lambda: not any(Path("/proc", child).exists() for child in children),
            what="It did not end",
        )
        self.dead.set()


@pytest.fixture
def own_database(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """Yield a database for one test alone, which may kill it: Django's default one."""
    with TemporaryDirectory(prefix="bowline-postgresql-") as name:
        own = Database(Path(name))
        with own.stack:
            own.start()
            before = connections["default"]
            settings = {**before.settings_dict, **database(own.server.url)}
            monkeypatch.setitem(connections.settings, "default", settings)
            connections["default"] = connections.create_connection("default")
            call_command("migrate", verbosity=0)
            yield own
            connections["default"].close()
            connections["default"] = before


@pytest.mark.django_db(transaction=True)
def test_a_rollout_goes_on_once_its_database_is_back(
    own_aws: Credentials,
    own_database: Database,
    celery_worker: StartWorker,
    tmp_path: Path,
) -> None:
    accounts = many.organization_of(own_aws)
    heard = many.Heard()
    changes = heard.changes
    waited: list[float] = []

    def hear(change: str) -> bool:
        if heard.number(change) in DIES_AT:
            own_database.die()
        return False

    def failures() -> int:
        return len(SAYS_SO.findall((tmp_path / "worker-1.log").read_text()))

    with deadly_proxy(own_aws.endpoint, hear) as endpoint:
        rollout = rollouts.start(accounts, Rollout.Kind.ONBOARD, None)
        environment = own_aws.environment | {"AWS_ENDPOINT_URL": endpoint}
        worker = celery_worker(**environment)
        many.approve_all(rollout)
        while many.state_of(rollout) != Rollout.State.FINISHED:
            wait_until(
                lambda: (
                    own_database.dead.is_set()
                    or many.state_of(rollout) == Rollout.State.FINISHED
                ),
                what=f"No end after {len(changes)} changes",
                seconds=many.PATIENCE,
            )
            if own_database.dead.is_set():
                so_far, before = len(changes), failures()
                wait_until(lambda: failures() > before, what="Nobody noticed")  # noqa: B023
                own_database.start()
                began = time.monotonic()
                wait_until(
                    lambda: len(changes) > so_far,  # noqa: B023
                    what="No change after it was back",
                    seconds=many.PATIENCE,
                )
                waited.append(time.monotonic() - began)

    print(f"{many.ACCOUNTS} accounts. Seconds until the next change:", waited)
    many.assert_it_ended_as_any_other(rollout, changes)
    assert worker.poll() is None
    assert len(waited) == len(DIES_AT)
