"""/healthz: whether this process serves pages now; /readyz: whether it also reaches the
broker; /healthz/worker: whether workers answer; all in words and within two seconds.

Nobody signs in to ask, so an answer names what is wrong and what to do, but no host and
no table: the log has those. A healthy answer ends with the version.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from functools import cache
from threading import Lock, Thread

from celery import current_app
from django.apps import apps
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from kombu.exceptions import KombuError
from redis.exceptions import AuthenticationError

from accounts.work.heartbeat import SEEN, silence
from bowline.places import BUSY, is_full
from onboarding import VERSION

SECONDS = 2
"""How long an answer may take; orchestrators commonly wait five."""
OF_CHECKS = 0.9
"""How much of it the checks have: the answer itself takes time, too."""
ONCE = {"max_retries": 0, "socket_timeout": SECONDS}
"""How the broker is asked: it is asked again with the next request."""
REFUSALS = (
    *("password authentication failed", "no password supplied"),  # PostgreSQL
    *("WRONGPASS", "NOAUTH"),  # Redis, which is asked with the first command
)
log = logging.getLogger(__name__)


class UnhealthyError(Exception):
    """What is wrong, in words that a stranger may read."""


@cache
def newest_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


@cache
def tables_of_models() -> frozenset[str]:
    models = apps.get_models(include_auto_created=True)
    return frozenset(model._meta.db_table for model in models if model._meta.managed)


def database() -> None:
    """Raise if the database is unavailable, or is not what the code expects."""
    try:
        tables = {*connection.introspection.table_names()}
        applied = {*MigrationRecorder(connection).applied_migrations()}
    except (InterfaceError, OperationalError) as error:
        raise UnhealthyError(out_of_reach("database", error)) from error
    if not newest_migrations() <= applied:
        raise UnhealthyError("Migrations aren't applied. Run manage.py migrate.")
    if not tables_of_models() <= tables:
        raise UnhealthyError("A table is missing. Restore the database.")


def pages() -> None:
    """Raise while this process would refuse a page: restarting it does not help against
    a crowd, but a load balancer can ask another one.
    """
    if is_full():
        raise UnhealthyError(BUSY.strip())


def worker() -> None:
    """Refuse a silence of a queue's workers; a restart of the site would not end it."""
    database()
    if silent := list(filter(None, map(silence, SEEN))):
        raise UnhealthyError(" ".join(dict.fromkeys(map(str, silent))))


def broker() -> None:
    """Raise if the broker does not answer; it never waits longer than SECONDS."""
    try:
        with current_app.connection_for_write(transport_options=ONCE) as link:
            link.ensure_connection(max_retries=1, interval_start=0, timeout=SECONDS)
    except (KombuError, OSError) as error:
        raise UnhealthyError(out_of_reach("broker", error)) from error


def out_of_reach(what: str, error: BaseException) -> str:
    """Tell a password that was refused from a server that does not answer."""
    if any(is_refused(one) for one in causes_of(error)):
        return f"The {what} refused the user name or password."
    return f"The {what} can't be reached."


def is_refused(error: BaseException) -> bool:
    return isinstance(error, AuthenticationError) or any(
        words in str(error) for words in REFUSALS
    )


def causes_of(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


class Watched:
    """A check that runs in a thread of its own, so that what hangs stays there.

    While it runs it is not started again: however often strangers ask, it needs one
    thread and one connection.
    """

    def __init__(self, name: str, check: Callable[[], None]) -> None:
        self.name = name
        self.check = check
        self.lock = Lock()
        self.thread: Thread | None = None
        self.wrong = ""

    def start(self) -> Thread:
        with self.lock:
            if self.thread is None or not self.thread.is_alive():
                self.thread = Thread(target=self.run, name=self.name, daemon=True)
                self.thread.start()
            return self.thread

    def run(self) -> None:
        try:
            self.check()
        except UnhealthyError as error:
            log.warning("%s: %s", self.name, error, exc_info=error.__cause__)
            self.wrong = str(error)
        except Exception:
            log.exception("The check of %s failed.", self.name)
            self.wrong = "The check failed. See the log."
        else:
            self.wrong = ""
        finally:
            connections.close_all()

    def wrong_after(self, thread: Thread, seconds: float) -> str:
        """Wait for the answer, and give what is wrong; empty: nothing."""
        thread.join(max(seconds, 0))
        if thread.is_alive():
            return f"The {self.name} didn't answer within {SECONDS} seconds."
        return self.wrong


SERVES = Watched("database", database), Watched("site", pages)
CHECKS = {
    "/healthz": SERVES,
    "/readyz": (*SERVES, Watched("broker", broker)),
    "/healthz/worker": (Watched("worker", worker),),
}
"""What each path asks. A check raises UnhealthyError, or returns."""


def healthz(checks: tuple[Watched, ...]) -> HttpResponse:
    """Answer ok and the version, or 503 with a line for each check that is not."""
    deadline = time.monotonic() + SECONDS * OF_CHECKS
    running = [(watched, watched.start()) for watched in checks]
    answers = [
        watched.wrong_after(thread, deadline - time.monotonic())
        for watched, thread in running
    ]
    wrong = [text for text in answers if text]
    return HttpResponse(
        "\n".join(wrong) or f"ok\nBowline {VERSION}\n",
        status=503 if wrong else 200,
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )


class Health:
    """Middleware, the first: answer /healthz before anything can hang or refuse it.

    A cookie would have its session read, and a load balancer calls by an address that
    is no allowed host.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        checks = CHECKS.get(request.path_info)
        return healthz(checks) if checks else self.get_response(request)
