"""/healthz says in words what is wrong, within a bound, and tells strangers no more."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
import redis
from django.conf import settings
from django.db import connection, connections
from django.test import Client
from kombu import Connection

from accounts.work.heartbeat import PEOPLE, SCHEDULE, beat
from bowline import health
from bowline.health import Watched
from onboarding import VERSION
from script.servers import free_port

pytestmark = pytest.mark.django_db
OK = f"ok\nBowline {VERSION}\n".encode()


@pytest.fixture
def other_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name another file to whoever connects from now on; this thread stays."""
    connection.ensure_connection()
    file = tmp_path / "other.sqlite3"
    monkeypatch.setitem(connections.settings["default"], "NAME", str(file))
    return file


@pytest.fixture
def locked(other_database: Path) -> Iterator[None]:
    with closing(sqlite3.connect(other_database)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        yield
    for watched in health.CHECKS["/healthz"]:
        assert watched.thread
        watched.thread.join()


def test_healthz_answers_anybody(client: Client) -> None:
    answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, OK)
    assert answer.headers["Cache-Control"] == "no-store"


def test_healthz_is_answered_whatever_the_host_and_without_tls(
    client: Client, settings: Any
) -> None:
    settings.SECURE_SSL_REDIRECT = True

    answer = client.get("/healthz", headers={"host": "10.1.2.3:8000"})

    assert answer.status_code == 200


def test_healthz_is_first_so_that_nothing_hangs_before_it() -> None:
    assert settings.MIDDLEWARE[0] == "bowline.health.Health"


def test_healthz_reads_no_session(
    client: Client, django_assert_num_queries: Any
) -> None:
    client.cookies["sessionid"] = "a" * 32

    with django_assert_num_queries(0):
        assert client.get("/healthz").status_code == 200


def test_healthz_tells_that_migrations_are_not_applied(
    client: Client, other_database: Path
) -> None:
    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.content == (b"Migrations aren't applied. Run manage.py migrate.")


def test_healthz_tells_a_missing_table(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "tables_of_models", lambda: frozenset({"gone"}))

    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.content == b"A table is missing. Restore the database."


def test_healthz_tells_a_database_out_of_reach_but_not_where_it_is(
    client: Client, other_database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other_database.mkdir()

    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.content == b"The database can't be reached."
    assert "unable to open database file" in caplog.text


def test_healthz_answers_while_the_database_is_locked(
    client: Client, locked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "SECONDS", 0.2)

    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.content == b"The database didn't answer within 0.2 seconds."


def test_a_check_that_hangs_is_not_started_again() -> None:
    begun, released = [], Event()

    def hang() -> None:
        begun.append(1)
        released.wait()

    watched = Watched("queue", hang)
    threads = [watched.start() for _ in range(50)]
    said = watched.wrong_after(threads[-1], 0)
    released.set()
    threads[-1].join()

    assert said == "The queue didn't answer within 2 seconds."
    assert len(begun) == 1
    assert watched.wrong_after(threads[-1], 0) == ""


def test_a_check_that_breaks_says_no_more_than_that(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken() -> None:
        raise ValueError("db.internal")

    watched = Watched("queue", broken)
    said = watched.wrong_after(watched.start(), 10)

    assert said == "The check failed. See the log."
    assert "db.internal" in caplog.text


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for an answer, however busy the machine is."""
    monkeypatch.setattr(health, "SECONDS", 30)


def test_readyz_tells_that_the_broker_is_away(client: Client, patient: None) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.content == b"The broker can't be reached."


def test_pages_do_not_need_the_broker_so_healthz_does_not(
    client: Client, patient: None
) -> None:
    assert client.get("/healthz").status_code == 200


def test_readyz_answers_while_the_broker_does(
    client: Client, patient: None, valkey: str
) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer.content) == (200, OK)


def test_readyz_tells_that_migrations_are_not_applied(
    client: Client, patient: None, valkey: str, other_database: Path
) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.content == b"Migrations aren't applied. Run manage.py migrate."


@contextmanager
def answering(*replies: bytes) -> Iterator[int]:
    """Be a server that answers each message of its client with the next of these."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with client:
                        for reply in replies:
                            client.recv(4096)
                            client.sendall(reply)

        Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def test_readyz_tells_a_wrong_password_of_the_broker_from_no_answer(
    client: Client, monkeypatch: pytest.MonkeyPatch, valkey: str
) -> None:
    server = redis.Redis.from_url(valkey)
    server.config_set("requirepass", "right")
    said = []
    for url in (
        valkey.replace("//", "//:right@"),
        valkey.replace("//", "//:wrong@"),
        valkey,
        f"redis://127.0.0.1:{free_port()}/0",
    ):
        link = partial(Connection, url)
        monkeypatch.setattr(health.current_app, "connection_for_write", link)
        said.append(client.get("/readyz").content.decode())

    refused = "The broker refused the user name or password."
    assert said == [OK.decode(), refused, refused, "The broker can't be reached."]


def test_a_wrong_password_of_postgresql_is_told_from_no_answer() -> None:
    fields = b'SFATAL\0C28P01\0Mpassword authentication failed for user "x"\0\0'
    refusal = b"E" + (len(fields) + 4).to_bytes(4, "big") + fields

    def why(port: int) -> str:
        with pytest.raises(psycopg.OperationalError) as caught:
            psycopg.connect(f"postgresql://x:secret@127.0.0.1:{port}/x")
        return health.out_of_reach("database", caught.value)

    with answering(b"N", refusal) as port:
        refused = why(port)

    assert refused == "The database refused the user name or password."
    assert why(free_port()) == "The database can't be reached."


@pytest.mark.parametrize("silent", [PEOPLE, SCHEDULE])
def test_healthz_of_workers_misses_those_of_either_queue(silent: str) -> None:
    for queue in {PEOPLE, SCHEDULE} - {silent}:
        beat(queue)

    with pytest.raises(health.UnhealthyError, match="has answered yet"):
        health.worker()

    beat(silent)
    health.worker()
