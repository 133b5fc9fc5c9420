"""Measure a work, in ratios of one run: script/bench WORK [N].

Each column is a process of its own, on a site of its own: an emulated AWS, PostgreSQL,
a broker, and what the work adds. What is printed is a page in Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import NamedTuple

import django

from script.emulated_site import Asked, Measured, emulated_site

HEAD = """\
# {says}

This is the output of `script/bench {asked}`.

- When: {when:%-d %B %Y, %H:%M} UTC. Code: commit {commit}.
- Where: {cores} cores of {machine}, {system}, Python {python}, load average {load:.1f}
  at the end. All servers and the emulated AWS shared them: ratios carry over, seconds
  don't.
- AWS: an emulator that enforces policies and trust, {delay:g} ms before each answer.
  Nothing was measured against AWS.
"""


class Work(NamedTuple):
    says: str
    measure: str
    """The function that measures a column, by its module, which imports models."""
    cases: tuple[str, ...]
    """A column each; N is the number of accounts."""
    accounts: int
    delay: float = 0.0
    """Seconds before each answer of AWS."""
    minutes: float = 1.0
    """How long people click, or the month takes."""
    settings: Mapping[str, str] | None = None
    """What is other than by default."""


WORKS = {
    "account": Work(
        "What each of N accounts costs a worker, with EC2 and with all four providers",
        "script.bench_account:account",
        ("EC2", "all four"),
        20,
    ),
    "workers": Work(
        "How fast workers carry a rollout of N accounts: processes × runs at once",
        "script.bench_rollouts:workers",
        ("4 × 1", "2 × 32"),
        32,
        0.08,
    ),
    "hosts": Work(
        "How much faster more hosts with 4 threads carry a rollout of N accounts",
        "script.bench_rollouts:hosts",
        ("1", "2", "4"),
        48,
        0.3,
    ),
    "memory": Work(
        "What workers need for the same rollout on a site with N other accounts",
        "script.bench_rollouts:memory_among",
        ("0", "N"),
        100_000,
        0.08,
    ),
    "pages": Work(
        "How long pages take with N accounts, alone and while 20 people click",
        "script.bench_pages:pages",
        ("10", "N"),
        10_000,
    ),
    "exports": Work(
        "How long files of N accounts take to write",
        "script.bench_pages:exports",
        ("10", "N"),
        10_000,
    ),
    "month": Work(
        "A month with N accounts on real servers, some of which are killed",
        "script.bench_month:month",
        ("A month",),
        200,
        minutes=120,
        # A month has to delete something.
        settings={"KEEP_CHECKS_DAYS": "10", "SCHEDULE_ASSUMES_A_SECOND": "5"},
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="script/bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{name:8} {work.says}" for name, work in WORKS.items()),
    )
    parser.add_argument("work", choices=WORKS, metavar="WORK")
    parser.add_argument("accounts", type=int, nargs="?", metavar="N")
    parser.add_argument("--minutes", type=float, help="of the month, or of clicks")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    work = WORKS[options.work]
    count = work.accounts if options.accounts is None else options.accounts
    if options.case is not None:
        minutes = work.minutes if options.minutes is None else options.minutes
        asked = Asked(options.case, count, minutes)
        print(json.dumps(measured(work, asked)))
        return 0
    cases = [str(count) if case == "N" else case for case in work.cases]
    columns = {case: in_its_own(options.work, case, sys.argv[2:]) for case in cases}
    command = " ".join(sys.argv[1:])
    print(report(work.says, command, work.delay, columns))
    return int(any(column.wrong for column in columns.values()))


def measured(work: Work, asked: Asked) -> Measured:
    """Measure on a site that is only for it."""
    module, _, function = work.measure.partition(":")
    with emulated_site((), delay=work.delay, **(work.settings or {})) as (site, aws):
        os.environ |= {**site.environment, "LOG_LEVEL": "WARNING"}
        django.setup()
        measure = getattr(import_module(module), function)
        found: Measured = measure(site, aws, asked)
    return found


def in_its_own(work: str, case: str, options: list[str]) -> Measured:
    """Measure in a process of its own, because Django has one database in each."""
    print(f"{work}: {case} …", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "script.bench", work, *options, "--case", case]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Measured(*json.loads(done.stdout.splitlines()[-1]))


def report(says: str, asked: str, delay: float, columns: dict[str, Measured]) -> str:
    head = HEAD.format(
        says=says,
        asked=asked,
        when=datetime.now(UTC),
        commit=commit(),
        cores=os.cpu_count(),
        machine=platform.machine(),
        system=platform.system(),
        python=platform.python_version(),
        load=os.getloadavg()[0],
        delay=delay * 1000,
    )
    wrong = [
        f"- {case}: {one}" for case, found in columns.items() for one in found.wrong
    ]
    ends = ["", "## What went otherwise than it should", "", *(wrong or ["Nothing."])]
    return "\n".join([head, *table(columns), *ends])


def table(columns: dict[str, Measured]) -> list[str]:
    """Write a column for each case; of several, also what the last is of the first."""
    first, *others = (found.figures for found in columns.values())
    names = dict.fromkeys(name for one in columns.values() for name in one.figures)
    heading = ["", *columns, *(["Last / first"] if others else [])]
    lines = [heading, ["---", *(["---:"] * (len(heading) - 1))]]
    for name in names:
        cells = [shown(found.figures.get(name, "")) for found in columns.values()]
        ratio = [times(first.get(name), others[-1].get(name))] if others else []
        lines.append([name, *cells, *ratio])
    return [f"| {' | '.join(line)} |" for line in lines]


def shown(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def times(first: float | str | None, last: float | str | None) -> str:
    if isinstance(first, str) or isinstance(last, str) or not first or last is None:
        return ""
    return f"{last / first:.2f}"


def commit() -> str:
    asked_for = ["git", "rev-parse", "--short", "HEAD"]
    asked = subprocess.run(asked_for, capture_output=True, text=True)
    return asked.stdout.strip() or "not in a repository"


if __name__ == "__main__":
    sys.exit(main())
