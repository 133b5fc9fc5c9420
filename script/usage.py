"""What groups of processes use of the machine: CPU and memory."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def emulator() -> int:
    """Return the process group of the emulated AWS that this process started."""
    listed = ["pgrep", "--parent", str(os.getpid()), "--full", "emulated_aws"]
    return int(subprocess.check_output(listed))


def processes_of(group: int) -> Iterator[Path]:
    """Yield the folder in /proc of each process of the group."""
    listed = subprocess.check_output(["pgrep", "--pgroup", str(group)], text=True)
    return (Path("/proc", pid) for pid in listed.split())


def cpu(group: int) -> float:
    """Add up the seconds of CPU that a process group has used, and its children that
    ended.
    """
    ticks = 0
    for process in processes_of(group):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            after_name = (process / "stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, after_name[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(group: int) -> float:
    """Add up the megabytes of a process group; what is shared counts once."""
    kilobytes = 0
    for process in processes_of(group):
        for line in (process / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024
