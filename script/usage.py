"""What the servers of a site use of the machine, and whether what they hold grows:
memory, open files and connections.
"""

from __future__ import annotations

import os
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

import psutil
import psycopg
from redis import Redis

from script.site import Site

WARMS = 120.0
"""Seconds until a server has loaded all that it uses."""
LONG_ENOUGH = 30
"""Minutes after which it can be said whether something grows."""
GROWS = 0.10
"""What share of it may be gained in an hour: more would be a leak."""
MOVES = {"MB": 0.5, "": 8.0}
"""What of a unit may come and go."""


class Usage(NamedTuple):
    cpu: float = 0.0
    """Seconds, with those of children that ended."""
    memory: float = 0.0
    """Megabytes, of which what is shared counts once."""
    files: int = 0


def usage(*groups: int) -> Usage:
    """Add up what the processes of these groups use."""
    total = Usage()
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):  # it has just ended
            if os.getpgid(process.pid) in groups:
                total = Usage(
                    total.cpu + sum(process.cpu_times()[:4]),
                    total.memory + process.memory_full_info().pss / 2**20,
                    total.files + process.num_fds(),
                )
    return total


class Check(NamedTuple):
    what: str
    found: str
    wrong: str = ""
    """Empty: it is as it should be."""


class Sample(NamedTuple):
    at: float
    start: int
    """Of a server: the first, the second …"""
    held: float


class Growth:
    def __init__(self, site: Site) -> None:
        self.site = site
        self.samples: dict[tuple[str, str], list[Sample]] = defaultdict(list)
        """By what is held, and its unit."""

    def take(self) -> None:
        # PostgreSQL's are groups of their own, one for each connection.
        for name in self.site.servers.keys() - {"PostgreSQL", "broker"}:
            server = self.site.servers[name]
            if (used := usage(server.group)).files:
                self.add(f"Memory of {name}", "MB", used.memory, server.starts)
                self.add(f"Open files of {name}", "", used.files, server.starts)
        with Redis.from_url(self.site.environment["REDIS_URL"]) as broker:
            said = broker.info()
        # Its process also has what its heap and its program have ever used.
        self.add("Data of the broker", "MB", said["used_memory"] / 2**20)
        self.add("Connections to the broker", "", said["connected_clients"])
        url = self.site.environment["DATABASE_URL"]
        self.add("Connections to PostgreSQL", "", connections(url))

    def add(self, what: str, unit: str, held: float, start: int = 1) -> None:
        self.samples[what, unit].append(Sample(time.monotonic(), start, held))

    def checks(self) -> Iterator[Check]:
        for (what, unit), samples in self.samples.items():
            if check := growth_of(samples, what, unit):
                yield check


def growth_of(samples: list[Sample], what: str, unit: str) -> Check | None:
    """Fit a line to what the last start of a server held since it was warm."""
    last = [one for one in samples if one.start == samples[-1].start]
    warm = [one for one in last if one.at >= last[0].at + WARMS]
    if len(warm) < 5:
        return None
    line = statistics.linear_regression(
        [one.at for one in warm], [one.held for one in warm]
    )
    first = line.intercept + line.slope * warm[0].at
    an_hour, minutes = line.slope * 3600, (warm[-1].at - warm[0].at) / 60
    grows = an_hour > max(MOVES[unit], GROWS * first) and minutes >= LONG_ENOUGH
    found = f"{first:.1f} {unit}, {an_hour:+.1f} an hour, in {minutes:.0f} minutes"
    return Check(what, found.replace(" ,", ","), "it grows" if grows else "")


def connections(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = %s",
            ["client backend"],
        ).fetchone()
    assert found
    return int(found[0])
