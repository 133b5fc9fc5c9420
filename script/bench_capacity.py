"""What 10,000 and 100,000 accounts need: docs/developers/benchmarks.md, from this run.

Workers onboard a few accounts on the emulator. Sites of 1,000, 10,000 and 100,000
accounts are made in the database, each with a PostgreSQL and a process of its own, and
AWS's answers there are a pause. `script/bench capacity >
docs/developers/benchmarks.md` writes it.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from script.own_process import answered, in_a_process
from script.servers import broker, free_port
from script.simulated_accounts import (
    ANSWER,
    CALLS,
    CHECKS,
    CHECKS_MADE,
    SECONDS,
    THREADS,
    Sample,
)

SIZES = (1_000, 10_000, 100_000)
NEEDED = (10_000, 100_000)
ONBOARDED, DELAY = 64, 0.08
AMONG = (0, *NEEDED)
STAGED = 16
PROCESSES = 2
NIGHT = 6 * 3600
"""Seconds: verifications begin from 1:00 to 6:59 UTC, as bowline/settings.py says."""
A_SECOND = 10
"""SCHEDULE_ASSUMES_A_SECOND by default."""
CONNECTIONS = {"web": 2 * 16, "worker": 2 * 32, "schedule": 8, "the rest": 16}
"""Of the processes and threads in docker-compose.yml: one for each thread."""
ASSUMED = 5
"""Roles that a verification with EC2 assumes, all counted in the managing account."""
STS = 600
"""Requests a second to STS that an account has in a region."""
FAST = 8
"""Processes of workers in the comparison."""
AT_ONCE, PROFILE = 100, 120
"""Accounts of a StackSet at once, and seconds for a stack with an instance profile."""


@dataclass(frozen=True, slots=True)
class Onboarded:
    """What workers needed for an account, planned, applied and verified."""

    among: int
    """How many accounts the site had besides."""
    core: float
    """Seconds of CPU."""
    megabytes: float
    """Of all their processes."""

    @property
    def each(self) -> float:
        """Return the megabytes of one process."""
        return self.megabytes / PROCESSES


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench capacity", description=__doc__)
    parser.add_argument(
        "sizes", type=int, nargs="*", default=SIZES, help="accounts of each site"
    )
    options = parser.parse_args()
    samples = [simulated(size) for size in options.sizes]
    stages = [onboarded(among) for among in AMONG]
    costs = answered("bench_account", str(STAGED), "--json")
    print("\n".join(document(stages, costs, samples, machine(), datetime.now(UTC))))


def onboarded(among: int) -> Onboarded:
    print(f"{ONBOARDED} accounts on the emulator…", file=sys.stderr)
    found = answered(
        *("bench_workers", str(ONBOARDED), "--delay", str(DELAY)),
        *("--among", str(among), "--one", str(PROCESSES), str(THREADS)),
    )
    assert not found["wrong"], found["wrong"]
    return Onboarded(among, found["cpu"] / ONBOARDED, found["megabytes"])


def simulated(accounts: int) -> Sample:
    print(f"{accounts:,} accounts in the database…", file=sys.stderr)
    with (
        TemporaryDirectory(prefix="bowline-bench-") as folder,
        broker(Path(folder), port=free_port()) as queue,
    ):
        return Sample(
            **in_a_process("simulated_accounts", str(accounts), REDIS_URL=queue)
        )


def of_stages(costs: list[Any]) -> list[str]:
    return rows(
        ("Stage", "CPU", "of it, calls of AWS", "Calls", "Queries"),
        *(
            (
                f"{kind}: {stage}",
                f"{cpu * 1000:.0f} ms",
                f"{calling * 1000:.0f} ms",
                f"{calls:.0f}",
                f"{queries:.0f}",
            )
            for kind, stage, (cpu, calling, calls, queries) in costs
        ),
    )


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    busy = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores of {platform.machine()}, {memory:.0f} GB of memory, "
        f"{platform.system()}, Python {platform.python_version()}, load average "
        f"{busy:.1f} at the end"
    )


def document(
    stages: list[Onboarded],
    costs: list[Any],
    samples: list[Sample],
    where: str,
    when: datetime,
) -> list[str]:
    one = max(stages, key=attrgetter("core"))
    return [
        "# Benchmarks",
        "",
        "What Bowline needs for 10,000 and for 100,000 accounts. This is the output of",
        "`script/bench capacity > docs/developers/benchmarks.md`. Run it on your own "
        "machine: ratios",
        "carry over, seconds do not.",
        "",
        f"- When: {when:%-d %B %Y, %H:%M} UTC.",
        f"- Where: {where}.",
        "  Databases, the emulator and workers shared it. A load average above the "
        "number of cores means that other work ran,",
        "  too, and that times are longer than on a quiet machine.",
        "- AWS: an emulator in the first part, and a fixed pause in the second. "
        "Nothing was measured against AWS.",
        "",
        "## Measured: an account",
        "",
        f"{ONBOARDED} accounts with EC2, planned, applied and verified on the "
        f"emulator, {DELAY * 1000:g} ms before each answer,",
        f"by {PROCESSES} processes with {THREADS} runs each, on a site that has other "
        "accounts, too.",
        "",
        *rows(
            ("Other accounts", *(f"{each.among:,}" for each in stages)),
            ("CPU of the workers, an account", *(f"{e.core:.2f} s" for e in stages)),
            ("Memory of all processes", *(f"{e.megabytes:.0f} MB" for e in stages)),
        ),
        "",
        f"{STAGED} accounts one after another by one thread, to see what an account's "
        "CPU is used for. boto3 takes more than a",
        "millisecond for each call, so that calls alone are about half of it.",
        "",
        *of_stages(costs),
        "",
        "`tests/accounts/runs/test_calls_budget.py` counts AWS calls: with EC2, 6 to "
        "plan, 19 to apply, and 15 to verify after that. A",
        f"verification alone takes {CALLS}, {ASSUMED} of them AssumeRole.",
        "",
        "## Measured: growth",
        "",
        "Sites with accounts made in the database. Every account was verified once, "
        f"with {CHECKS} results. For the queue, a",
        f"run of every account waits. One process carries {THREADS} at once for "
        f"{SECONDS} s; each waits {CALLS} times {ANSWER * 1000:g} ms for AWS and",
        f"writes {CHECKS} results. Each account is given {CHECKS_MADE} results, which "
        f"count as {CHECKS}.",
        "",
        *growth(samples),
        "",
        "## Derived: what to provide",
        "",
        "From the figures above, and from what the code counts.",
        "",
        *needs(one, samples[-1]),
        "",
        f"Connections are one for each thread: {connections()} "
        f"({sum(CONNECTIONS.values())} in all), whatever the",
        "number of accounts. docker-compose.yml allows 200. Each further worker of "
        "two processes needs 64 more.",
        "",
        "## What gives way first",
        "",
        *first(samples),
        "",
        "## Compared with a StackSet and a loop",
        "",
        "A model, not a measurement. A StackSet works on at most "
        f"{AT_ONCE} accounts at once [1]. A stack with an instance profile takes",
        f"about {PROFILE // 60} minutes, because AWS waits that long for one [2]. A "
        f"serial loop makes 25 calls of {DELAY * 1000:g} ms for each account, and",
        f"verifies nothing. Bowline's line is what {FAST} processes with a core each "
        "need by their CPU, with the verification;",
        "AWS's own limits, the waves of a rollout and people who approve add to it.",
        "",
        *compared(one),
        "",
        "1. AWS CloudFormation User Guide, [StackSets "
        "concepts](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-concepts.html).",
        "2. An AWS forum thread as quoted in [hashicorp/terraform#15341]"
        "(https://github.com/hashicorp/terraform/issues/15341): the delay is "
        "second-hand.",
        "3. [IAM and AWS STS quotas]"
        "(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).",
    ]


def rows(*lines: tuple[str, ...]) -> list[str]:
    """Write a table; the first line is its heading, and numbers are to the right."""
    heading, *rest = lines
    rule = ("---", *["---:"] * (len(heading) - 1))
    return [f"| {' | '.join(line)} |" for line in (heading, rule, *rest)]


def growth(samples: list[Sample]) -> list[str]:
    def line(what: str, *values: str) -> tuple[str, ...]:
        return (what, *values)

    pages = samples[0].pages
    ideal = THREADS / (CALLS * ANSWER)
    return rows(
        line("", *(f"{one.accounts:,} accounts" for one in samples)),
        line("Rows an account", *(f"{one.rows}" for one in samples)),
        line("Database an account", *(f"{one.kilobytes:.1f} KB" for one in samples)),
        *(
            line(f"Page: {name}", *(f"{one.pages[name]:.0f} ms" for one in samples))
            for name in pages
        ),
        *(
            line(f"Export: {name}", *(f"{one.exports[name]:.1f} s" for one in samples))
            for name in samples[0].exports
        ),
        line(
            "Memory of a process that exports, at most",
            *(f"{one.export_megabytes} MB" for one in samples),
        ),
        line("Verifications begun a minute", *(f"{one.begun}" for one in samples)),
        line("Beginning them takes", *(f"{one.begins:.2f} s" for one in samples)),
        line("Messages on the broker", *(f"{one.messages:.0f} KB" for one in samples)),
        line(
            f"Runs a second of one process, of {ideal:.0f}",
            *(f"{one.carried:.0f}" for one in samples),
        ),
        line("Its memory, at most", *(f"{one.megabytes} MB" for one in samples)),
    )


def needs(one: Onboarded, sample: Sample) -> list[str]:
    def line(what: str, *values: str) -> tuple[str, ...]:
        return (what, *values)

    rate = [count / NIGHT for count in NEEDED]
    return rows(
        line("", *(f"{count:,} accounts" for count in NEEDED)),
        line(
            f"Night's verification with {A_SECOND} AssumeRole a second",
            *(f"{count * ASSUMED / A_SECOND / 3600:.1f} h" for count in NEEDED),
        ),
        line(
            "`SCHEDULE_ASSUMES_A_SECOND` for one night of 6 hours",
            *(f"{ceil(each * ASSUMED)}" for each in rate),
        ),
        line(
            "Cores of workers in the night, at most",
            *(f"{each * one.core:.2f}" for each in rate),
        ),
        line(
            "`SCHEDULE_THREADS`, all processes",
            *(f"{max(8, ceil(each * CALLS * DELAY * 2))}" for each in rate),
        ),
        line(
            f"AssumeRole a second in the managing account, of {STS} [3]",
            *(f"{each * ASSUMED:.1f}" for each in rate),
        ),
        line(
            "Core-hours of workers to onboard all",
            *(f"{count * one.core / 3600:.1f}" for count in NEEDED),
        ),
        line(
            "Processes of workers that onboard all in an hour, a core each",
            *(f"{processes(count, one)}" for count in NEEDED),
        ),
        line(
            "Memory of these processes",
            *(f"{processes(count, one) * one.each / 1000:.1f} GB" for count in NEEDED),
        ),
        line(
            "PostgreSQL, one verification each",
            *(f"{count * sample.kilobytes / 1e6:.1f} GB" for count in NEEDED),
        ),
        line(
            "Redis, above its own memory",
            *(f"{sample.messages / 1000:.2f} MB" for _ in NEEDED),
        ),
    )


def processes(accounts: int, one: Onboarded) -> int:
    return max(PROCESSES, ceil(accounts * one.core / 3600))


def connections() -> str:
    return ", ".join(f"{what} {count}" for what, count in CONNECTIONS.items())


def first(samples: list[Sample]) -> list[str]:
    smallest, largest = samples[0], samples[-1]
    a_night = A_SECOND * NIGHT // ASSUMED
    return [
        f"1. The night. With the default budget, {a_night:,} accounts are verified in "
        "a night; the rest follows in the next nights,",
        "   oldest proof first. Raise `SCHEDULE_ASSUMES_A_SECOND`.",
        f"2. Pages. The slowest at {largest.accounts:,} accounts is “{largest.slowest}”"
        f": {largest.pages[largest.slowest]:.0f} ms, and",
        f"   {smallest.pages[largest.slowest]:.0f} ms at {smallest.accounts:,}.",
        f"3. A long queue. One process carries {largest.carried:.0f} runs a second "
        f"with {largest.accounts:,} waiting, and {smallest.carried:.0f} with "
        f"{smallest.accounts:,}.",
    ]


def compared(one: Onboarded) -> list[str]:
    def hours(seconds: float) -> str:
        return (
            f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"
        )

    counts = (1_000, *NEEDED)
    return rows(
        ("", *(f"{count:,} accounts" for count in counts)),
        (
            "StackSet (model)",
            *(hours(ceil(count / AT_ONCE) * PROFILE) for count in counts),
        ),
        ("Serial loop (model)", *(hours(count * 25 * DELAY) for count in counts)),
        (
            "Bowline (derived, at least)",
            *(hours(count * one.core / FAST) for count in counts),
        ),
    )


if __name__ == "__main__":
    main()
