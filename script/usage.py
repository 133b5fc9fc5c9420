"""What groups of processes use of the machine: CPU and memory."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path


def emulator() -> int:
    """Return the process group of the emulated AWS that this process started."""
    return started("emulated_aws")


def started(command: str) -> int:
    """Return the process that this one started with such a command."""
    listed = ["pgrep", "--parent", str(os.getpid()), "--full", command]
    return int(subprocess.check_output(listed))


def processes_of(group: int) -> Iterator[Path]:
    """Yield the folder in /proc of each process of the group."""
    listed = subprocess.check_output(["pgrep", "--pgroup", str(group)], text=True)
    return (Path("/proc", pid) for pid in listed.split())


def children_of(group: int) -> Iterator[Path]:
    """Yield the same of a process and its children, in whatever groups they are."""
    yield Path("/proc", str(group))
    listed = subprocess.run(
        ["pgrep", "--parent", str(group)], capture_output=True, text=True
    )
    yield from (Path("/proc", pid) for pid in listed.stdout.split())


def cpu(group: int) -> float:
    """Add up the seconds of CPU that a process group has used."""
    return seconds_of(processes_of(group))


def seconds_of(processes: Iterable[Path]) -> float:
    """Add up the seconds of CPU that these used, and their children that ended."""
    ticks = 0
    for process in processes:
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            after_name = (process / "stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, after_name[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def busy_cores() -> float:
    """Return the seconds that all cores of the machine have worked, for whomever."""
    ticks = [int(each) for each in Path("/proc/stat").read_text().split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def memory(group: int) -> float:
    """Add up the megabytes of a process group; what is shared counts once."""
    kilobytes = 0
    for process in processes_of(group):
        for line in (process / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024
