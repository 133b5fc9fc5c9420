"""A connection that is used again is watched, too, and not used once time is over."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from onboarding.delivery.addresses import Allowed, CheckedHTTP, Watchdog, watch


@pytest.fixture
def connection() -> Iterator[CheckedHTTP]:
    """Yield one that is connected already, as in a pool."""
    connection = CheckedHTTP("gate.example.com", 80, allowed=Allowed())
    connection.sock, other = socket.socketpair()
    with other:
        yield connection
    connection.close()


def test_a_connection_of_a_pool_is_watched(connection: CheckedHTTP) -> None:
    with Watchdog(60) as watchdog:
        connection.request("GET", "/")

    assert watchdog.connection is connection


def test_what_is_over_sends_nothing(connection: CheckedHTTP) -> None:
    with Watchdog(60) as watchdog:
        watchdog.bite()
        with pytest.raises(TimeoutError):
            connection.request("GET", "/")


def test_without_a_watchdog_nothing_is_watched(connection: CheckedHTTP) -> None:
    with Watchdog(60) as watchdog:
        pass
    watch(connection)

    assert watchdog.connection is None
