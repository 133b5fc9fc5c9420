"""How long people wait for a page while others click, too: a site of N accounts, served
by gunicorn as in docker-compose.yml. First nothing else happens, then a rollout works
and each person has its page open in another tab, which updates itself.

People share the machine with the server and its database.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http import HTTPStatus
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import NamedTuple

from script.own_process import in_a_process
from script.servers import LOOPBACK, answers, free_port, serving

CLICKED = (
    "overview",
    "accounts",
    "accounts, one environment",
    "accounts, searched",
    "accounts, last page",
    "an account",
    "runs",
    "a run",
    "a plan",
    "rollouts",
    "a rollout",
    "bundles",
    "the next bundle",
)
ASKED, REFRESHED = "its tab asks", "its tab is refreshed"
AGAIN = 0.2
"""Seconds until a server is asked again that had no place left."""
MOVES = 0.5
"""Seconds until another run of the rollout moves: a tab that asks finds something."""
LIVE = re.compile(r'"Bowline-Seen": "([^"]+)"}\'\s+data-every="(\d+)"')


class Crowd(NamedTuple):
    """Who clicks, and where."""

    accounts: int = 10_000
    people: int = 20
    seconds: float = 60
    """Of each part."""
    pause: float = 3
    """Seconds that a person looks at a page."""


class Waited(NamedTuple):
    """What people waited for one page, in milliseconds."""

    times: int
    half: float
    most: float
    """95 of 100 came sooner."""


Figures = dict[str, Waited]
Opened = tuple[str, float]
"""A page's name, and the seconds it took."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench users", description=__doc__)
    usual = Crowd()
    parser.add_argument("accounts", type=int, nargs="?", default=usual.accounts)
    for name in ("people", "seconds", "pause"):
        default = getattr(usual, name)
        parser.add_argument(f"--{name}", type=type(default), default=default)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = vars(parser.parse_args())
    is_here, crowd = options.pop("here"), Crowd(**options)
    if is_here:
        print(json.dumps(measured(crowd)))
        return
    alone, during = waited_by(crowd)
    print(f"{crowd.accounts:,} accounts, {crowd.people} people at once, ", end="")
    print(f"{crowd.pause:g} s between two clicks of one\n")
    print(f"{'':28}{'nothing else':>30}{'while a rollout works':>30}")
    print(f"{'':28}" + f"{'times':>10}{'half':>10}{'95 %':>10}" * 2)
    for name, found in during.items():
        print(f"{name:<28}{shown(alone.get(name))}{shown(found)}")


def shown(found: Waited | None) -> str:
    if found is None:
        return " " * 30
    return f"{found.times:10d}{found.half:7.0f} ms{found.most:7.0f} ms"


def waited_by(crowd: Crowd) -> tuple[Figures, Figures]:
    """Measure on a PostgreSQL of its own: with nothing else, and during a rollout."""
    options = [f"--{name}={getattr(crowd, name)}" for name in crowd._fields[1:]]
    found = in_a_process("bench_users", str(crowd.accounts), *options, "--here")
    alone, during = (
        {name: Waited(*of) for name, of in figures.items()} for figures in found
    )
    return alone, during


def measured(crowd: Crowd) -> list[Figures]:
    import django  # after the environment that its settings read

    django.setup()
    from django.core.management import call_command

    from script.bench_pages import make_site, vacuum

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    pages = make_site(crowd.accounts)
    vacuum()
    cookies = signed_in(crowd.people)
    with gunicorn() as port:
        site = Site(port, {name: pages[name] for name in CLICKED})
        for name in CLICKED * 8:  # the first requests of each process load templates
            site.opened(cookies[0], name)
        alone = clicked(site, cookies, crowd)
        with moving(), tabs(site, cookies) as seen:
            during = clicked(site, cookies, crowd)
            return [summed(alone), summed([*during, *seen()])]


def signed_in(people: int) -> list[str]:
    """Give each person a session."""
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    cookies = []
    for number in range(people):
        client = Client()
        client.force_login(User.objects.create_superuser(f"person-{number}"))
        cookies.append(client.cookies[settings.SESSION_COOKIE_NAME].OutputString())
    return cookies


@contextmanager
def gunicorn() -> Iterator[int]:
    """Serve the site; yield the port."""
    port = free_port()
    with TemporaryDirectory(prefix="bowline-bench-") as folder:
        command = [sys.executable, "-m", "gunicorn", "bowline.wsgi"]
        command += ["--config", "deploy/gunicorn.conf.py", "--log-level", "warning"]
        with serving(
            [*command, "--bind", f"{LOOPBACK}:{port}"],
            environment=os.environ,
            log=Path(folder, "gunicorn.log"),
            ready=lambda: answers(f"http://{LOOPBACK}:{port}/healthz"),
        ):
            yield port


class Site(NamedTuple):
    port: int
    pages: Mapping[str, str]

    def opened(self, cookie: str, name: str) -> Opened:
        _, seconds = self.get(cookie, self.pages[name])
        return name, seconds

    def get(self, cookie: str, url: str, seen: str = "") -> tuple[str, float]:
        """Return what a URL answers, and the seconds it took; a server that has no
        place left is asked again.
        """
        began = time.perf_counter()
        while (answer := self.asked(cookie, url, seen))[
            0
        ] == HTTPStatus.SERVICE_UNAVAILABLE:
            time.sleep(AGAIN)
        status, text = answer
        assert status in (HTTPStatus.OK, HTTPStatus.NO_CONTENT), f"{url}: {status}"
        return text, time.perf_counter() - began

    def asked(self, cookie: str, url: str, seen: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=60)
        with closing(connection):
            headers = {"Cookie": cookie.partition(";")[0]}
            if seen:
                headers |= {"HX-Request": "true", "Bowline-Seen": seen}
            connection.request("GET", url, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()


def clicked(site: Site, cookies: list[str], crowd: Crowd) -> list[Opened]:
    """Let all people click for some time."""
    until = time.monotonic() + crowd.seconds

    def clicks(number: int) -> list[Opened]:
        dice, opened = random.Random(number), []
        while time.monotonic() < until:
            time.sleep(dice.uniform(0, 2 * crowd.pause))
            opened.append(site.opened(cookies[number], dice.choice(CLICKED)))
        return opened

    with ThreadPoolExecutor(len(cookies)) as people:
        return [*chain.from_iterable(people.map(clicks, range(len(cookies))))]


@contextmanager
def tabs(site: Site, cookies: list[str]) -> Iterator[Callable[[], list[Opened]]]:
    """Keep the rollout's page open for each person, as live.js does; yield a function
    that returns how long it took.
    """
    ends, opened = Event(), list[Opened]()

    def watch(cookie: str) -> None:
        url = site.pages["a rollout"]
        seen, every = seen_by(site.get(cookie, url)[0])
        while not ends.wait(every):
            answer, seconds = site.get(cookie, url, seen)
            opened.append((REFRESHED if answer else ASKED, seconds))
            if answer:
                seen, every = seen_by(answer)

    with ThreadPoolExecutor(len(cookies)) as people:
        watching = [people.submit(watch, cookie) for cookie in cookies]
        try:
            yield lambda: opened
        finally:
            ends.set()
            for one in watching:
                one.result()


def seen_by(page: str) -> tuple[str, float]:
    """Read the version that a page asks with, and after how many seconds."""
    found = LIVE.search(page)
    assert found, "the page does not update itself"
    return found[1], int(found[2]) / 1000


@contextmanager
def moving() -> Iterator[None]:
    """Let one run after the other move."""
    from django.db import connection
    from django.db.models.functions import Now

    from accounts.models import Run

    ends = Event()

    def move() -> None:
        working = list(
            Run.objects.filter(status="applying").values_list("pk", flat=True)
        )
        turn = 0
        while not ends.wait(MOVES):
            status = ("verifying", "applying")[turn // len(working) % 2]
            run = Run.objects.filter(pk=working[turn % len(working)])
            run.update(status=status, moved_at=Now())
            turn += 1
        connection.close()

    thread = Thread(target=move)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()


def summed(opened: list[Opened]) -> Figures:
    """Sum up each page's times."""
    found: dict[str, list[float]] = {name: [] for name in (*CLICKED, ASKED, REFRESHED)}
    for name, seconds in opened:
        found[name].append(seconds * 1000)
    return {
        name: Waited(len(each), statistics.median(each), highest(each))
        for name, each in found.items()
        if each
    }


def highest(each: list[float]) -> float:
    """Return what 95 of 100 stay below."""
    return sorted(each)[max(-(-len(each) * 95 // 100) - 1, 0)]


if __name__ == "__main__":
    main()
