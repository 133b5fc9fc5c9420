"""What the servers of a site hold, again and again: whether memory, open files and
connections grow.
"""

from __future__ import annotations

import os
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from subprocess import CalledProcessError
from threading import Event, Thread
from typing import NamedTuple

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from script.site import Site
from script.usage import memory, processes_of

EVERY, WARMS = 15.0, 120.0
"""Seconds between two samples, and until a server has loaded all that it uses."""
LONG_ENOUGH = 30
"""Minutes after which it can be said whether something grows."""
GROWS = 0.10
"""What share of it may be gained in an hour: more would be a leak."""
MOVES = {"MB": 0.5, "": 8.0}
"""What of a unit may come and go."""


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
        self.site, self.began = site, time.monotonic()
        self.samples: dict[tuple[str, str], list[Sample]] = defaultdict(list)
        """By what is held, and its unit."""
        self.over = Event()
        self.thread = Thread(target=self.watch, daemon=True)

    def __enter__(self) -> Growth:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def watch(self) -> None:
        while not self.over.wait(EVERY):
            self.take()

    def take(self) -> None:
        at = time.monotonic() - self.began
        # PostgreSQL's are groups of their own, one for each connection.
        for name in self.site.servers.keys() - {"PostgreSQL", "broker"}:
            server = self.site.servers[name]
            start, group = server.starts, server.group
            # It may be being started again.
            with suppress(OSError, ValueError, CalledProcessError):
                held = Sample(at, start, memory(group))
                opened = Sample(at, start, open_files(group))
                self.samples[f"Memory of {name}", "MB"].append(held)
                self.samples[f"Open files of {name}", ""].append(opened)
        with suppress(psycopg.Error, RedisError, OSError):
            with Redis.from_url(self.site.environment["REDIS_URL"]) as broker:
                said = broker.info()
            # Its process also has what its heap and its program have ever used.
            data = Sample(at, 1, said["used_memory"] / 2**20)
            to_broker = Sample(at, 1, said["connected_clients"])
            to_database = Sample(
                at, 1, connections(self.site.environment["DATABASE_URL"])
            )
            self.samples["Data of the broker", "MB"].append(data)
            self.samples["Connections to the broker", ""].append(to_broker)
            self.samples["Connections to PostgreSQL", ""].append(to_database)

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


def open_files(group: int) -> int:
    return sum(len(os.listdir(process / "fd")) for process in processes_of(group))


def connections(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = %s",
            ["client backend"],
        ).fetchone()
    assert found
    return int(found[0])
