"""How much faster 2 and 4 hosts carry a rollout than one, and what a host costs that
vanishes in the middle of one: docs/developers/hosts.md, from this run.

A host is one worker in a network namespace of its own, with one process of 4 threads:
so few that it waits for AWS, 300 ms for each answer, and not for a core, even where
four of them and all servers share two. All share one PostgreSQL and one broker, by TCP.
Seconds are from the approval of the accounts to the last one that is verified, after
the managing account, and in one wave: a wave waits for its slowest account, with
however many hosts. `script/bench hosts > docs/developers/hosts.md` writes it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from script.bench_capacity import NEEDED, machine, rows
from script.bench_onboarding import members
from script.emulated_site import LONG, emulated_site
from script.own_network import ADDRESS, OWN_NETWORK, make_network, why_not
from script.servers import running

HOSTS = (1, 2, 4)
THREADS = 4
USUAL = 32
"""RUN_THREADS by default."""
FIXED = 3
"""Connections of a worker's process to PostgreSQL besides those of its threads."""
BUSY = 0.8
"""How much of its core a process may use before its threads wait for each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What a rollout took by these hosts."""

    accounts: int
    hosts: int
    seconds: float
    in_flight: float
    """Runs that were carried at a time, on average."""
    of_hosts: float
    """Seconds of CPU."""
    of_database: float
    busy: float
    """What share of the machine's cores worked, for whomever."""
    to_database: int
    """Connections of the hosts, at most."""
    to_broker: int
    transactions: int
    wrong: list[str] = field(default_factory=list)
    load: float = 0.0

    @property
    def of_each(self) -> float:
        """Return the seconds that an account occupies a thread."""
        return self.in_flight * self.seconds / self.accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanished:
    """What a host of two cost that lost its network and its power."""

    accounts: int
    runs: int
    """How many it carried."""
    first: float
    """Seconds until another host carried one of them."""
    last: float
    """And all of them."""
    locked: float
    """Seconds for which the rollout stayed locked, which it had locked."""
    roles: int
    """How many were created, as the database says."""
    asked: int
    """How often AWS was asked to create one."""
    wrong: list[str] = field(default_factory=list)
    load: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench hosts", description=__doc__)
    parser.add_argument("accounts", type=int, nargs="?", default=48)
    parser.add_argument(
        "--delay", type=float, default=0.3, help="seconds before each answer of AWS"
    )
    parser.add_argument("--only", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    # To clean up then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("It was asked to end."))
    if options.only is not None:
        print(json.dumps(measured(options)))
        return
    if reason := why_not():
        sys.exit(reason)
    worked = [Worked(**figures_of(options, only=hosts)) for hosts in HOSTS]
    vanished = Vanished(**figures_of(options, only=0))
    when = datetime.now(UTC)
    print("\n".join(document(worked, vanished, options.delay, machine(), when)))


def figures_of(options: argparse.Namespace, *, only: int) -> dict[str, Any]:
    """Measure in a process of its own, in a network of its own. Its files are gone with
    this one, however it ends.
    """
    what = f"Hosts: {only}" if only else "A host that vanishes"
    print(f"{what}…", file=sys.stderr)
    arguments = [str(options.accounts), "--delay", str(options.delay)]
    command = [sys.executable, "-m", "script.bench_hosts", *arguments]
    with TemporaryDirectory("-hosts", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL is somebody else
        with running(
            [*OWN_NETWORK, *command, "--only", str(only)],
            environment=os.environ | {"TMPDIR": name},
            log=folder / "figures.json",
        ) as process:
            process.wait(LONG)
        said = (folder / "figures.json").read_text()
    if process.returncode:
        sys.exit(said)
    figures: dict[str, Any] = json.loads(said.splitlines()[-1])
    return figures | {"load": os.getloadavg()[0]}


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Measure with `only` this number of hosts; with none, what one costs that
    vanishes, for which half of the accounts are enough.
    """
    make_network()
    count = options.accounts if options.only else ceil(options.accounts / 2)
    accounts = members(count, first=500_000_000_000)
    settings = {"RUN_THREADS": str(THREADS), "STOP_SECONDS": "1"}
    with emulated_site(accounts, options.delay, address=ADDRESS, **settings) as folder:
        # after Django was set up
        from script.rollout_by_hosts import vanished, worked

        if options.only:
            found = worked(accounts, options.only, folder)
        else:
            found = vanished(accounts, folder)
        return {"accounts": count, **found}


def document(
    worked: list[Worked], vanished: Vanished, delay: float, where: str, when: datetime
) -> Iterator[str]:
    one = worked[0]
    yield from (
        "# More hosts",
        "",
        "How much faster more hosts carry a rollout, and what a host costs that "
        "vanishes. This is the output of",
        "`script/bench hosts > docs/developers/hosts.md`. Run it on your own machine: "
        "ratios carry over, seconds do not.",
        "",
        f"- When: {when:%-d %B %Y, %H:%M} UTC.",
        f"- Where: {where}.",
        "  All hosts and servers shared it. Where its cores are almost always busy, "
        "more hosts are no faster.",
        "- Hosts: network namespaces, each with one worker of one process and "
        f"`RUN_THREADS={THREADS}`, so that AWS is the limit and not",
        "  a core. They had one PostgreSQL and one broker, by TCP.",
        f"- AWS: an emulator, {delay * 1000:g} ms before each answer. Nothing was "
        "measured against AWS.",
        "",
        "## Measured: the same rollout by 1, 2, and 4 hosts",
        "",
        f"{one.accounts} accounts with EC2 in one wave, from the approval to the last "
        "verified account.",
        "",
        *by_hosts(worked),
        "",
        "## Measured: a host that vanishes",
        "",
        f"{vanished.accounts} accounts and two hosts. When a quarter is verified, one "
        "host loses its network and its power in the middle of a",
        "transaction that has locked the rollout: PostgreSQL doesn't hear that its "
        "connections ended.",
        "",
        *of_vanished(vanished),
        "",
        "A lease lasts 20 seconds, and other workers search for runs every 5. They "
        "take them as soon as they have a thread free.",
        "",
        "## Derived: how many hosts",
        "",
        f"From the seconds that an account occupies a thread ({one.of_each:.1f}), with "
        f"{USUAL} threads in each process and {BUSY:.0%} of a core for each.",
        "The first two waves, people who approve, and AWS's own limits add to it.",
        "",
        *needs(worked),
    )


def by_hosts(worked: list[Worked]) -> list[str]:
    first = worked[0]
    return rows(
        ("Hosts", *(f"{one.hosts}" for one in worked)),
        ("Seconds", *(f"{one.seconds:.1f}" for one in worked)),
        ("Times as fast", *(f"{first.seconds / one.seconds:.2f}" for one in worked)),
        (
            "Runs in progress at a time, of the threads",
            *(f"{one.in_flight:.1f} of {one.hosts * THREADS}" for one in worked),
        ),
        (
            "CPU of all hosts, an account",
            *(f"{one.of_hosts / one.accounts:.2f} s" for one in worked),
        ),
        (
            "CPU of PostgreSQL, an account",
            *(f"{one.of_database / one.accounts:.2f} s" for one in worked),
        ),
        ("The machine's cores were busy", *(f"{one.busy:.0%}" for one in worked)),
        ("Load average at the end", *(f"{one.load:.1f}" for one in worked)),
        ("Connections to PostgreSQL", *(f"{one.to_database}" for one in worked)),
        ("Connections to the broker", *(f"{one.to_broker}" for one in worked)),
        (
            "Transactions of PostgreSQL a second",
            *(f"{one.transactions / one.seconds:.0f}" for one in worked),
        ),
        (
            "Transactions, an account",
            *(f"{one.transactions / one.accounts:.0f}" for one in worked),
        ),
        ("Runs that did not verify", *(f"{len(one.wrong)}" for one in worked)),
    )


def of_vanished(one: Vanished) -> list[str]:
    return rows(
        ("A host vanishes", ""),
        ("Runs that it carried", f"{one.runs}"),
        ("Until another host carried the first of them", f"{one.first:.1f} s"),
        ("Until other hosts carried all of them", f"{one.last:.1f} s"),
        ("Until what it had locked was free", f"{one.locked:.1f} s"),
        ("Runs that did not verify", f"{len(one.wrong)}"),
        ("Roles that were created", f"{one.roles}"),
        ("Requests to create a role", f"{one.asked}"),
        ("Load average at the end", f"{one.load:.1f}"),
    )


def needs(worked: list[Worked]) -> list[str]:
    """Derive from what one host did how many processes an hour's rollout needs."""
    one, most = worked[0], worked[-1]
    by_threads = USUAL * 3600 / one.of_each
    by_a_core = BUSY * 3600 / max(by.of_hosts / by.accounts for by in worked)
    an_hour = min(by_threads, by_a_core)
    processes = [ceil(count / an_hour) for count in NEEDED]
    rates = [count / 3600 for count in NEEDED]
    each = most.transactions / most.accounts
    cores = max(by.of_database / by.accounts for by in worked)
    broker = ceil(one.to_broker / one.hosts)
    return rows(
        ("", *(f"{count:,} accounts" for count in NEEDED)),
        (
            f"Accounts that a process onboards in an hour, {USUAL} threads",
            *(f"{an_hour:,.0f}" for _ in NEEDED),
        ),
        (
            "Hosts with two cores and two processes, for an hour",
            *(f"{ceil(count / 2)}" for count in processes),
        ),
        (
            "Connections to PostgreSQL of these hosts, at most",
            *(f"{2 * ceil(count / 2) * (USUAL + FIXED)}" for count in processes),
        ),
        (
            "Transactions of PostgreSQL a second",
            *(f"{rate * each:,.0f}" for rate in rates),
        ),
        (
            "Cores of PostgreSQL, busy all the time",
            *(f"{rate * cores:.1f}" for rate in rates),
        ),
        (
            "Connections to the broker of these hosts",
            *(f"{2 * ceil(count / 2) * broker}" for count in processes),
        ),
    )


if __name__ == "__main__":
    main()
