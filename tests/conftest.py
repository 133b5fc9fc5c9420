"""What every test stands on: no network but loopback, files for SQLite, Chromium."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import signal
import socket
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.request import urlopen

import hypothesis
import pytest
from celery import Celery, current_app
from django.apps import apps
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import DataError, connection
from django.db.models import CharField
from django.db.models.sql.compiler import SQLUpdateCompiler
from playwright.sync_api import Browser, expect

from onboarding.aws import session
from onboarding.aws.known import VERSIONS
from onboarding.aws.session import CALLERS
from onboarding.aws.shared_clients import shared_client
from onboarding.verify.chain import IDENTITIES
from script.emulated_organization import Credentials
from tests.factories import roles_in_a_policy
from tests.fresh_clone import FreshClone

pytest_plugins = ["tests.tiers", "tests.servers", "tests.databases", "tests.resuming"]

FIRST = import_module("accounts.migrations.0001_first_release")

# How long an example takes says something of the machine only.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# Tests become somebody else at any moment.
session.OWN_LAST = 1e-6

# A page may be late on a busy machine; only one that never comes is a failure.
expect.set_options(timeout=30_000)
NAVIGATION = 120_000
"""Milliseconds for a page to load, in every test."""


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            assert address[0] in {"127.0.0.1", "::1", "localhost"}, address
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_joined_update() -> Iterator[None]:
    """Refuse an UPDATE whose rows are found by a join. Django asks for them in a
    subquery, which the second of two at once on PostgreSQL does not ask again: it
    changes the row although the first has.
    """
    set_up = SQLUpdateCompiler.pre_sql_setup

    def guarded(self: SQLUpdateCompiler) -> None:
        self.query.get_initial_alias()
        tables = self.query.count_active_tables()
        joined = tables > 1 and not self.query.related_updates
        assert not joined, f"An UPDATE of {self.query.model.__name__} joins tables."
        set_up(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SQLUpdateCompiler, "pre_sql_setup", guarded)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_long_text() -> Iterator[None]:
    """Refuse on SQLite, too, a text that is longer than its column."""
    prepared = CharField.get_db_prep_save

    def fitting(field: CharField, value: Any, connection: Any) -> Any:
        most = field.max_length
        if isinstance(value, str) and most and len(value) > most:
            raise DataError(f"{field} takes {most} characters, and not {value!r}.")
        return prepared(field, value, connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CharField, "get_db_prep_save", fitting)
        yield


@pytest.fixture(scope="session", autouse=True)
def downloads_stay_open() -> Iterator[None]:
    """Allow any number: a test's client closes none that it does not read."""
    streams = import_module("accounts.web.bulk.exports")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "MOST_OF_ONE", 1_000_000)
        yield


@pytest.fixture(autouse=True)
def new_clients() -> Iterator[None]:
    """Let each test have boto3 clients of its own, which keep their endpoint, and ask
    itself who Bowline is.
    """
    yield
    shared_client.cache_clear()
    CALLERS.clear()
    IDENTITIES.clear()
    VERSIONS.clear()


@pytest.fixture(autouse=True)
def signals_unheard() -> Iterator[None]:
    """Leave no handler of a program that ran within a test: the processes that later
    tests fork would inherit it, and might not end when they are asked to.
    """
    heard = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {one: signal.getsignal(one) for one in heard}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.fixture(autouse=True)
def refusals_unlogged(request: pytest.FixtureRequest) -> Iterator[None]:
    """Log no answer that refuses, unless the test looks at the log: writing where each
    refusal came from took a tenth of the attacks' time.
    """
    logger = logging.getLogger("django.request")
    before = logger.level
    if "caplog" not in request.fixturenames:
        logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(before)


@pytest.fixture(autouse=True)
def roles_made_again(request: pytest.FixtureRequest) -> None:
    """Make the roles again: they came with a migration, and a test that commits
    empties every table.
    """
    if request.node.get_closest_marker("database") is None:
        return
    request.getfixturevalue("db")
    ContentType.objects.clear_cache()
    if not Group.objects.exists():
        editor = SimpleNamespace(connection=connection)
        FIRST.make_roles(apps, editor)


@pytest.fixture
def aws(organization: Credentials, monkeypatch: pytest.MonkeyPatch) -> Credentials:
    """Point this process at the emulated organization, as Bowline."""
    for name, value in organization.environment.items():
        monkeypatch.setenv(name, value)
    return organization


@pytest.fixture
def own_aws(
    own_organization: Credentials, monkeypatch: pytest.MonkeyPatch
) -> Credentials:
    """Point this process at an organization of the test's own, as Bowline."""
    for name, value in own_organization.environment.items():
        monkeypatch.setenv(name, value)
    return own_organization


@pytest.fixture
def prompt_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each message be worked on at once, as by a worker that is never busy."""
    import_module("accounts.tasks")

    def send_task(_: Celery, name: str, args: list[Any], **__: Any) -> None:
        current_app.tasks[name](*args)

    monkeypatch.setattr(Celery, "send_task", send_task)


@pytest.fixture
def fresh_clone(tmp_path: Path) -> FreshClone:
    return FreshClone.at(tmp_path / "clone")


@pytest.fixture
def three_policy_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two policy sets have come after the first one."""
    brought = ("The first.", "Volumes may be tagged.", "Snapshots may be shared.")
    monkeypatch.setattr("onboarding.desired.capacity.POLICY_SETS", brought)
    monkeypatch.setattr("accounts.models.account.POLICY_SET", 3)


@pytest.fixture
def room_for_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no more than two accounts fit among those that are listed."""
    roles_in_a_policy(monkeypatch, 2)
    for module in ("onboarding.desired.capacity", "onboarding.desired.managing"):
        monkeypatch.setattr(f"{module}.most_policies", lambda managing: 1)


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any],
) -> dict[str, Any]:
    """Use the machine's Chromium. Where there is none, skip; in CI, fail."""
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        missing = (
            "Chromium is missing. On Debian: apt-get install chromium-headless-shell"
        )
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    quiet = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-gpu",
        "--disable-quic",
        "--disable-sync",
        "--no-first-run",
    ]
    # Root, as in a container, cannot make Chromium's sandbox.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {
        **browser_type_launch_args,
        "executable_path": chromium,
        "args": [*quiet, *sandbox],
    }


@pytest.fixture(scope="session")
def browser(browser: Browser) -> Browser:
    """Give every context of the browser the same time to load a page."""
    browser.on("context", lambda one: one.set_default_navigation_timeout(NAVIGATION))
    return browser


@pytest.fixture(scope="session")
def live_server(live_server: Any, django_db_setup: None, django_db_blocker: Any) -> Any:
    """Let the server import and compile what each page needs, before a test waits."""
    with django_db_blocker.unblock():
        urlopen(f"{live_server.url}/sign-in/", timeout=NAVIGATION / 1000).close()
    return live_server


@pytest.fixture(autouse=True)
def windows_closed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Close the pages that a test opened, or they ask on next to all later tests."""
    opens = "browser" in request.fixturenames
    browser = request.getfixturevalue("browser") if opens else None
    yield
    for context in browser.contexts if browser else ():
        context.close()


CHROMIUM = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
)
"""The shell first: whatever has windows starts a process for a window of its own, which
nobody sees, with each context.
"""


JUDGES = Path(__file__).parent / "onboarding"
"""Whose tests start programs of others only, which judge what Bowline writes."""


@pytest.fixture(autouse=True)
def programs_uncounted(request: pytest.FixtureRequest) -> Iterator[None]:
    """Start no program under coverage where none of its lines counts: it takes twice
    the time.
    """
    with pytest.MonkeyPatch.context() as patch:
        counts = request.node.get_closest_marker("no_cover") is None
        if not counts or JUDGES in request.node.path.parents:
            patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        yield


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what stays until the end, which is every
    module and every test, and look at the rest less often: it took 9 % of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
