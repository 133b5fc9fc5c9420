"""How fast workers carry a rollout: accounts with EC2, planned, approved and verified
in its waves, on PostgreSQL. One run at a time in each process, then many in each.

All figures come from one run on one machine; compare the ratios, not the seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3

from script.bench_onboarding import members, timed, written
from script.emulated_organization import Edge, seed, seed_member
from script.servers import broker, emulated_aws, free_port, postgresql, running
from script.servers import wait_until as until
from script.slow_network import delayed
from script.usage import cpu, emulator, memory

if TYPE_CHECKING:
    from accounts.models import ManagedAccount

LONG = 1200.0
"""Seconds after which a stage is given up."""


class Workers(NamedTuple):
    processes: int
    threads: int

    def __str__(self) -> str:
        each = f"{self.threads} runs" if self.threads > 1 else "1 run"
        return f"{self.processes} processes with {each} each"


BEFORE, NOW = Workers(4, 1), Workers(2, 32)


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench workers", description=__doc__)
    parser.add_argument("accounts", type=int, nargs="?", default=32)
    parser.add_argument(
        "--delay", type=float, default=0.08, help="seconds before each answer of AWS"
    )
    parser.add_argument(
        "--among", type=int, default=0, help="accounts that are verified before"
    )
    parser.add_argument("--one", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measured(options, Workers(*options.one))))
        return
    among = f" among {options.among:,}" if options.among else ""
    print(f"{options.accounts} accounts with EC2{among}, ", end="")
    print(f"{options.delay * 1000:g} ms before each answer\n")
    before, now = (figures_of(options, workers) for workers in (BEFORE, NOW))
    print(f"\n{total(before) / total(now):.1f} times as fast, ", end="")
    print(f"with {now['megabytes'] / before['megabytes']:.2f} of the memory")


def figures_of(options: argparse.Namespace, workers: Workers) -> dict[str, Any]:
    """Measure in a process of its own, because Django has one database in each."""
    arguments = [str(options.accounts), "--delay", str(options.delay)]
    arguments += ["--among", str(options.among)]
    command = [sys.executable, "-m", "script.bench_workers", *arguments]
    run = subprocess.run(
        [*command, "--one", str(workers.processes), str(workers.threads)],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    figures: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    print(workers)
    for stage, seconds in figures["seconds"].items():
        print(f"  {stage:<34}{seconds:8.1f} s")
    print(f"  {'an account':<34}{total(figures) / options.accounts:8.2f} s")
    print(f"  {'CPU of the workers, an account':<34}", end="")
    print(f"{figures['cpu'] / options.accounts:8.2f} s")
    print(f"  {'CPU of the emulator, an account':<34}", end="")
    print(f"{figures['emulator'] / options.accounts:8.2f} s")
    print(f"  {'its one thread was busy':<34}", end="")
    print(f"{figures['emulator'] / total(figures):8.0%}")
    print(f"  {'memory of all workers':<34}{figures['megabytes']:8.0f} MB")
    print(f"  {'runs that did not verify':<34}{len(figures['wrong']):8d}")
    for sentence in sorted(set(figures["wrong"])):
        print(f"    {sentence}")
    return figures


def total(figures: dict[str, Any]) -> float:
    return float(sum(figures["seconds"].values()))


def measured(options: argparse.Namespace, by: Workers) -> dict[str, Any]:
    """Plan, approve and verify all accounts as pages do, with these workers."""
    accounts = members(options.accounts, first=500_000_000_000)
    with TemporaryDirectory(prefix="bowline-bench-") as name:
        folder = Path(name)
        with (
            emulated_aws(folder / "aws") as near,
            delayed(near, options.delay) as endpoint,
            postgresql() as database,
            broker(folder, port=free_port()) as queue,
        ):
            credentials = seed(near)._replace(endpoint=endpoint)
            session: Any = boto3.Session()
            for account in accounts:
                seed_member(Edge(session, near, account), account)
            os.environ |= {
                **credentials.environment,
                "DATABASE_URL": database,
                "DJANGO_SETTINGS_MODULE": "bowline.settings",
                "LOG_LEVEL": "WARNING",
                "REDIS_URL": queue,
                "RUN_THREADS": str(by.threads),
                "SECRET_KEY": "only-for-a-benchmark",
            }
            return onboarded(folder, written(accounts), by.processes, options.among)


def onboarded(
    folder: Path, accounts: str, processes: int, among: int
) -> dict[str, Any]:
    import django  # after the environment that its settings read

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from accounts.mapping.accounts_file import register
    from accounts.models import Rollout, Run
    from accounts.models.states import Status
    from accounts.runs import rollouts
    from accounts.runs.actions import approve
    from accounts.runs.rollouts.census import managing_run, runs_of
    from accounts.runs.rollouts.decisions import approve_group
    from onboarding.accounts_file import read

    call_command("migrate", verbosity=0)
    rows = register(read(accounts.encode()), None)
    if among:
        add_verified(rows[0], among)
    seconds: dict[str, float] = {}

    person = User.objects.create_superuser("bench")
    another = User.objects.create_superuser("approver")

    def until_it(*states: Rollout.State) -> None:
        reached = Rollout.objects.filter(state__in=states)
        until(reached.exists, what=f"It was not {states[0]}", seconds=LONG, every=0.5)

    with workers(folder, processes) as group:
        before, its_before = cpu(group), cpu(emulator())
        with timed(seconds, "plan"):
            rollout = rollouts.start(rows, Rollout.Kind.ONBOARD, person)
            until_it(Rollout.State.PLANNED)
            planning = Run.objects.filter(status=Status.PLANNING)
            until(lambda: not planning.exists(), what="A plan was not made")
        with timed(seconds, "apply and verify"):
            managing = managing_run(rollout)
            if managing and managing.status == Status.PLANNED:
                approve(managing, another)
            planned = runs_of(rollout).filter(status=Status.PLANNED)
            for fingerprint in set(planned.values_list("fingerprint", flat=True)):
                approve_group(rollout, fingerprint, another)
            until_it(Rollout.State.FINISHED, Rollout.State.PAUSED)
        megabytes = memory(group)
        worked, answered = cpu(group) - before, cpu(emulator()) - its_before
    wrong = Run.objects.exclude(status="verified")
    return {
        "seconds": seconds,
        "cpu": worked,
        "emulator": answered,
        "megabytes": megabytes,
        "wrong": [(run.error or {}).get("message", run.status) for run in wrong],
    }


LISTED = 500
"""How many roles the managing account lists besides those of the rollout."""


def add_verified(like: ManagedAccount, count: int) -> None:
    """Add accounts to the site that no run of the rollout is about."""
    from django.utils import timezone

    from accounts.models import ManagedAccount
    from script.simulated_accounts import multiply_account

    multiply_account(like, count + 1, prefix="among", first=600_000_000_000)
    added = ManagedAccount.objects.filter(account_id__startswith="6")
    granted = added.order_by("account_id")[:LISTED].values("pk")
    added.filter(pk__in=granted).update(granted_at=timezone.now())


@contextmanager
def workers(folder: Path, processes: int) -> Iterator[int]:
    """Run a worker of this many processes, and yield their group."""
    log = folder / "worker.log"
    options = ["--concurrency", str(processes), "--loglevel", "INFO"]
    with running(
        [sys.executable, "-m", "celery", "-A", "bowline", "worker", *options],
        environment=os.environ,
        log=log,
    ) as process:
        until(
            lambda: "ready." in log.read_text(),
            what="No worker was ready",
            seconds=LONG,
        )
        yield process.pid


if __name__ == "__main__":
    main()
