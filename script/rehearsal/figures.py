"""What the servers of a rehearsed month hold, again and again: memory, open files,
connections, leases and rows.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from subprocess import CalledProcessError
from threading import Event, Thread
from typing import Any, NamedTuple

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from script.rehearsal.servers import Site
from script.usage import cpu, memory, processes_of

EVERY = 15.0


class Sample(NamedTuple):
    """One server at one moment."""

    at: float
    """Seconds since the month began."""
    start: int
    """Which start of it: the first, the second …"""
    megabytes: float
    files: int


class Connections(NamedTuple):
    at: float
    postgresql: int
    broker: int


class Line(NamedTuple):
    """What a server's memory does over time: the line that is nearest to it."""

    samples: int
    minutes: float
    first: float
    last: float
    """Megabytes, each of a fifth of the samples, its median."""
    per_hour: float


class Figures:
    def __init__(self, site: Site, others: Mapping[str, int]) -> None:
        self.site, self.others = site, others
        self.began = time.monotonic()
        self.samples: dict[str, list[Sample]] = {}
        self.connections: list[Connections] = []
        self.used: dict[tuple[str, int], float] = {}
        """Seconds of CPU of each start of a server."""
        self.over = Event()
        self.thread = Thread(target=self.watch, daemon=True)

    def __enter__(self) -> Figures:
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
        groups = {
            name: (server.group, server.starts)
            for name, server in self.site.servers.items()
        } | {name: (group, 1) for name, group in self.others.items()}
        for name, (group, start) in groups.items():
            try:
                held = self.broker_holds() if name == "broker" else memory(group)
                sample = Sample(at, start, held, files(group))
                self.used[name, start] = cpu(group)
            except (OSError, ValueError, CalledProcessError, RedisError):
                continue  # it is being started again
            if sample.megabytes:
                self.samples.setdefault(name, []).append(sample)
        with suppress(psycopg.Error, RedisError, OSError):
            of_broker = self.broker("clients")["connected_clients"] - 1
            both = to_postgresql(self.site), of_broker
            self.connections.append(Connections(at, *both))

    def broker(self, section: str) -> dict[str, Any]:
        """Ask the broker what it says of itself."""
        with Redis.from_url(self.site.environment["REDIS_URL"]) as broker:
            answer: dict[str, Any] = broker.info(section)
        return answer

    def broker_holds(self) -> float:
        """Return the megabytes of its data and connections. Its process also has those
        parts of its program and of its heap that it has ever used, which are 5 MB.
        """
        return float(self.broker("memory")["used_memory"]) / 2**20

    def seconds_of_cpu(self) -> float:
        own = os.times()
        return sum(self.used.values()) + own.user + own.system

    def line(self, name: str, *, since: float) -> Line | None:
        """Fit a line to the memory of the last start of a server, since it was warm."""
        every = self.samples.get(name, [])
        if not every:
            return None
        last = [one for one in every if one.start == every[-1].start]
        warm = [one for one in last if one.at >= max(since, last[0].at + WARMS)]
        if len(warm) < 5:
            return None
        fifth = max(1, len(warm) // 5)
        return Line(
            samples=len(warm),
            minutes=(warm[-1].at - warm[0].at) / 60,
            first=median([one.megabytes for one in warm[:fifth]]),
            last=median([one.megabytes for one in warm[-fifth:]]),
            per_hour=slope(warm) * 3600,
        )


WARMS = 120.0
"""Seconds that a server takes to have loaded all that it uses."""


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def slope(samples: list[Sample]) -> float:
    """Return megabytes a second of the line with the least squares."""
    at = sum(one.at for one in samples) / len(samples)
    megabytes = sum(one.megabytes for one in samples) / len(samples)
    spread = sum((one.at - at) ** 2 for one in samples)
    together = sum((one.at - at) * (one.megabytes - megabytes) for one in samples)
    return together / spread if spread else 0.0


def files(group: int) -> int:
    return sum(len(os.listdir(process / "fd")) for process in processes_of(group))


def to_postgresql(site: Site) -> int:
    with psycopg.connect(site.database.url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = %s",
            ["client backend"],
        ).fetchone()
    assert found
    return int(found[0]) - 1
