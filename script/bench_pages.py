"""How long pages and files take on a site of N accounts; also while people click, who
share the machine with the server and its database.
"""

from __future__ import annotations

import random
import resource
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.lists.accounts import written_list
from script.emulated_site import Asked, Aws, Measured
from script.many_accounts import build_bundle, make_site
from script.people import sent
from script.servers import LOOPBACK
from script.site import Site

TIMES = 5
"""Each page is opened so often; the median counts."""
PEOPLE, PAUSE = 20, 3.0
"""Who clicks, and the seconds that each looks at a page."""
BY_A_WORKER = {
    "accounts (CSV)": ("accounts", "csv"),
    "accounts file (YAML)": ("accounts-file", "yaml"),
}


def pages(site: Site, _: Aws, asked: Asked) -> Measured:
    addresses = make_site(int(asked.case))
    alone = {name: opened(url) for name, url in addresses.items()}
    site.start_web()
    clicked = while_people_click(site.port, addresses, asked.minutes * 60)
    figures: dict[str, float | str] = {}
    for name, (milliseconds, queries) in alone.items():
        figures |= {
            f"{name}, ms": milliseconds,
            f"{name}: queries": queries,
            f"{name}: 95 of 100 while people click, ms": highest(clicked[name]),
        }
    return Measured(figures)


def person() -> User:
    """Return somebody who may do everything."""
    return User.objects.get_or_create(username="bench", is_superuser=True)[0]


def browser() -> Client:
    client = Client()
    client.force_login(person())
    return client


def opened(url: str) -> tuple[float, int]:
    """Open a page as a browser would; return its milliseconds and its queries."""
    client = browser()
    client.get(url)  # the first request of a process loads templates
    with CaptureQueriesContext(connection) as queries:
        page = client.get(url)
        count = len(queries)
    assert page.status_code == HTTPStatus.OK, f"{url}: {page.status_code}"
    taken = [seconds_of(lambda: client.get(url)) for _ in range(TIMES)]
    return statistics.median(taken) * 1000, count


def seconds_of(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def while_people_click(
    port: int, addresses: dict[str, str], seconds: float
) -> dict[str, list[float]]:
    """Let people click for some time; return the milliseconds of each page."""
    morsel = browser().cookies[settings.SESSION_COOKIE_NAME]
    cookie = morsel.OutputString().partition(";")[0]
    found: dict[str, list[float]] = defaultdict(list)

    def clicks(number: int) -> None:
        dice, until = random.Random(number), time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(dice.uniform(0, 2 * PAUSE))
            name = dice.choice([*addresses])
            taken = seconds_of(partial(get, port, cookie, addresses[name]))
            found[name].append(taken * 1000)

    for url in addresses.values():  # the first requests of a process load templates
        for _ in range(4):
            get(port, cookie, url)
    with ThreadPoolExecutor(PEOPLE) as all_of_them:
        list(all_of_them.map(clicks, range(PEOPLE)))
    return found


def get(port: int, cookie: str, url: str) -> str:
    headers = {"Cookie": cookie, "Connection": "close"}
    return sent("GET", f"http://{LOOPBACK}:{port}{url}", headers).decode()


def highest(each: list[float]) -> float | str:
    """Return what 95 of 100 stay below."""
    return sorted(each)[max(-(-len(each) * 95 // 100) - 1, 0)] if each else ""


def exports(_: Site, __: Aws, asked: Asked) -> Measured:
    make_site(int(asked.case))
    by, client = person(), browser()
    figures: dict[str, float | str] = {}
    for what, (name, form) in BY_A_WORKER.items():
        question = written_list.about(by, form=form, name=name)
        figures[f"{what}, s"] = seconds_of(partial(written_list.answer, question))
    figures["runs (CSV), s"] = seconds_of(lambda: b"".join(client.get("/runs.csv")))
    figures["a bundle, s"] = seconds_of(build_bundle)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures["Memory of this process at most, MB"] = peak
    return Measured(figures)
