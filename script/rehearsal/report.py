"""The report of a rehearsed month, for docs/developers/soak.md."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from script.rehearsal.agreement import Check
from script.rehearsal.figures import Figures

HEAD = """\
# A rehearsed month

{days} days with {accounts} accounts, played in {minutes:.0f} minutes. Everything was
real but AWS and the people. This is the output of
`script/soak --minutes {asked:g} --accounts {given} > docs/developers/soak.md`.

- When: {when:%-d %B %Y, %H:%M} UTC, at the end.
- Where: {cores} cores of {machine}, {system}, Python {python}. All servers, the
  emulator and the people shared them, and used {cpu:.2f} cores on average.
- Code: commit {commit}.
- AWS: an emulator that enforces policies and trust. Nothing was measured against AWS.

The month began with the database and the AWS of an older version ({recorded}), with
what people and a killed worker had left in them
([tests/upgrade](../../tests/upgrade)), which `migrate` upgraded. One person planned and
one approved, by the API; a third one opened pages. For a day to pass, what the database
holds was moved 24 hours into the past, except the activity log. Every night verified
all accounts, and in every second one AWS failed for a tenth of them. In the first half
of the month servers were killed or stopped in the middle of a rollout; one that ended
by itself was started again, as Docker and Kubernetes do. The last {calm} days only put
right what was wrong.
"""


class Played(NamedTuple):
    """What was asked, and what came of it."""

    days: int
    accounts: int
    given: int
    asked: float
    minutes: float
    recorded: str
    calm: int
    commit: str


def report(
    played: Played,
    figures: Figures,
    count: Iterable[tuple[str, int]],
    checks: Iterable[Check],
    troubles: list[str],
) -> str:
    lines = [
        HEAD.format(
            **played._asdict(),
            when=datetime.now(UTC),
            cores=os.cpu_count(),
            machine=platform.machine(),
            system=platform.system(),
            python=platform.python_version(),
            cpu=figures.seconds_of_cpu() / (played.minutes * 60),
        ),
        "## What happened\n",
        "| | Times |",
        "| --- | ---: |",
        *(f"| {what[0].upper()}{what[1:]} | {number:,} |" for what, number in count),
        "",
        "## What agreed in the end\n",
        "| | Found | Agrees |",
        "| --- | --- | --- |",
        *(f"| {one.what} | {one.found} | {said(one)} |" for one in checks),
        "",
        "## What went otherwise than it should\n",
        *([f"- {one}" for one in troubles] or ["Nothing."]),
    ]
    return "\n".join(lines)


def said(check: Check) -> str:
    return f"**no: {check.wrong}**" if check.wrong else "yes"


def commit() -> str:
    asked_for = ["git", "rev-parse", "--short", "HEAD"]
    asked = subprocess.run(asked_for, capture_output=True, text=True)
    return asked.stdout.strip() or "not in a repository"
