"""How fast workers carry a rollout: accounts with EC2, planned, approved and verified
in its waves, on PostgreSQL. One run at a time in each process, then many in each.

All figures come from one run on one machine; compare the ratios, not the seconds.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from script.bench_onboarding import members, timed
from script.emulated_organization import Account
from script.emulated_site import WORKER, emulated_site, until_ready
from script.own_process import answered
from script.servers import running
from script.usage import cpu, emulator, memory

if TYPE_CHECKING:
    from accounts.models import ManagedAccount


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
    figures: dict[str, Any] = answered(
        *("bench_workers", str(options.accounts), "--delay", str(options.delay)),
        *("--among", str(options.among)),
        *("--one", str(workers.processes), str(workers.threads)),
    )
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
    threads = str(by.threads)
    with emulated_site(accounts, options.delay, RUN_THREADS=threads) as folder:
        return onboarded(folder, accounts, by.processes, options.among)


def onboarded(
    folder: Path, accounts: list[Account], processes: int, among: int
) -> dict[str, Any]:
    # after Django was set up
    from accounts.models import Rollout
    from script import emulated_rollout

    rows = emulated_rollout.registered(accounts)
    if among:
        add_verified(rows[0], among)
    seconds: dict[str, float] = {}
    with workers(folder, processes) as group:
        before, its_before = cpu(group), cpu(emulator())
        with timed(seconds, "plan"):
            rollout = emulated_rollout.planned(rows)
        with timed(seconds, "apply and verify"):
            emulated_rollout.approve_managing(rollout)
            emulated_rollout.approve_accounts(rollout)
            emulated_rollout.until_it(Rollout.State.FINISHED, Rollout.State.PAUSED)
        megabytes = memory(group)
        worked, answered = cpu(group) - before, cpu(emulator()) - its_before
    return {
        "seconds": seconds,
        "cpu": worked,
        "emulator": answered,
        "megabytes": megabytes,
        "wrong": emulated_rollout.wrong(),
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
    options = ("--concurrency", str(processes), "--loglevel", "INFO")
    with running([*WORKER, *options], environment=os.environ, log=log) as process:
        until_ready(log)
        yield process.pid


if __name__ == "__main__":
    main()
