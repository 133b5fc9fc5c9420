"""Tried: with one token, send one accounts file of many accounts after the other, to
preview and to save it, and ask for all accounts as a file, while the worker is stopped.

Refused: no request computes them. A worker does, two at a time for each person, and
pages answer meanwhile. Nobody else reads the result, and no log has the file's text.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest

from accounts.models import EnabledProvider, ManagedAccount, Question
from accounts.models.people import Scope
from script.servers import LOOPBACK, answers, free_port, serving, wait_until
from tests.accounts.api.calling import token_of
from tests.rows import managing_row, person
from tests.servers import StartWorker, on_the_tests_database

DEPLOY = Path(__file__).parents[2] / "deploy"
ACCOUNTS = 1_500
PREVIEW, FILE = "/api/v1/accounts-file/preview", "/api/v1/accounts-file"
HEADING = "name,account_id,environment,regions,access_role,ec2\n"


class Site(NamedTuple):
    port: int
    log: Path

    def ask(
        self, method: str, path: str, token: str = "", body: str | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        asking = HTTPConnection(LOOPBACK, self.port, timeout=120)
        headers = {"Content-Type": "text/csv"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        asking.request(method, path, body, headers)
        answer = asking.getresponse()
        found = answer.status, dict(answer.getheaders()), answer.read()
        asking.close()
        return found

    def is_done(self, path: str, token: str) -> bool:
        return self.ask("GET", path, token)[0] != 202


@pytest.fixture
def site(valkey: str, transactional_db: None, tmp_path: Path) -> Iterator[Site]:
    """Run gunicorn as its image does, on the test's database."""
    log, port = tmp_path / "gunicorn.log", free_port()
    gunicorn = [sys.executable, "-m", "gunicorn", "bowline.wsgi", "--config"]
    with serving(
        [
            *(*gunicorn, str(DEPLOY / "gunicorn.conf.py")),
            *("--bind", f"{LOOPBACK}:{port}", "--access-logfile", "-"),
        ],
        environment=on_the_tests_database(valkey)
        | {
            "ALLOWED_HOSTS": LOOPBACK,
            "DEBUG": "true",
            "HTTPS": "false",
            "TMPDIR": str(tmp_path),
            "WEB_THREADS": "4",
        },
        log=log,
        ready=lambda: answers(f"http://{LOOPBACK}:{port}/healthz"),
    ):
        yield Site(port, log)


def file_of(number: int) -> str:
    """Write a file that is none of the others: its accounts are named for it."""
    return HEADING + "".join(
        f"marked-{number}-{row},{row + 1:012},,us-east-1,Hidden{number},yes\n"
        for row in range(ACCOUNTS)
    )


def many_accounts() -> None:
    rows = ManagedAccount.objects.bulk_create(
        ManagedAccount(
            name=f"known-{row}", account_id=str(10**11 + row), regions=["us-east-1"]
        )
        for row in range(ACCOUNTS)
    )
    EnabledProvider.objects.bulk_create(
        EnabledProvider(account=row, key="ec2", has_details=True) for row in rows
    )


def path_of(said: bytes) -> str:
    return f"/api/v1{json.loads(said)['path']}"


@pytest.mark.exhaustive(after=0)
def test_one_token_keeps_no_thread_of_the_pages_busy(
    site: Site, celery_worker: StartWorker, tmp_path: Path
) -> None:
    managing_row()
    many_accounts()
    token, eve = (
        token_of(person("operator", username=name), Scope.OPERATE)
        for name in ("olga", "eve")
    )

    sent = [
        site.ask("POST", path, token, file_of(n))
        for n, path in enumerate([PREVIEW, FILE] * 3)
    ]
    read = [site.ask("GET", FILE, token) for _ in range(2)]
    of_another = site.ask("GET", FILE, eve)
    page, healthz = site.ask("GET", "/sign-in/"), site.ask("GET", "/healthz")

    assert [one[0] for one in sent] == [202] * 2 + [429] * 4
    assert [one[0] for one in read] == [429] * 2
    assert {one[1]["Retry-After"] for one in (*sent[2:], *read)} == {"3"}
    assert of_another[0] == 202
    assert (page[0], healthz[0]) == (200, 200)
    assert site.ask("GET", path_of(sent[0][2]), token)[0] == 202
    assert Question.objects.exclude(file=None).count() == 2

    celery_worker()
    first, second = (path_of(one[2]) for one in sent[:2])
    everything = path_of(of_another[2])
    for path, who in ((first, token), (second, token), (everything, eve)):
        done = partial(site.is_done, path, who)
        wait_until(done, what="The worker answers", seconds=120)

    status, _, said = site.ask("GET", first, token)
    assert (status, json.loads(said)["new"][0]) == (200, "marked-0-0")
    assert json.loads(site.ask("GET", second, token)[2])["new"][0] == "marked-1-0"
    saved = ManagedAccount.objects.filter(name__startswith="marked-")
    assert {one.name.split("-")[1] for one in saved} == {"1"}
    assert b"known-7\n" in site.ask("GET", everything, eve)[2]
    assert [site.ask("GET", path, eve)[0] for path in (first, second)] == [404] * 2
    assert site.ask("POST", PREVIEW, token, file_of(7))[0] == 202
    assert not Question.objects.exclude(answered_at=None).exclude(file=None).exists()
    logs = [log.read_text() for log in tmp_path.glob("*.log")]
    assert any(PREVIEW in log for log in logs)
    assert not any("Hidden" in log for log in logs)
