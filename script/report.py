"""What a work of script/bench measured, and the page in Markdown that says it."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

HEAD = """\
# {title}

{says}. This is the output of `script/bench {asked}`.

- When: {when:%-d %B %Y, %H:%M} UTC. Code: commit {commit}.
- Where: {cores} cores of {machine}, {system}, Python {python}, load average {load:.1f}
  at the end. All servers and the emulated AWS shared them: ratios carry over, seconds
  don't.
- AWS: an emulator that enforces policies and trust, {delay:g} ms before each answer.
  Nothing was measured against AWS.
"""


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


def report(
    title: str, says: str, asked: str, delay: float, columns: dict[str, Measured]
) -> str:
    head = HEAD.format(
        title=title,
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
