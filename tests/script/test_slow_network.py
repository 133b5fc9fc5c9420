"""Each answer is late once, in however many packets it comes; requests are listed."""

from __future__ import annotations

import asyncio
import multiprocessing
import selectors
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from script.servers import wait_until
from script.slow_network import delayed, pass_on

SECONDS = 10.0


class Instantly(selectors.SelectSelector):
    """Sleeps for no time, and counts how long it would have slept."""

    slept = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.slept += timeout or 0.0
        return super().select(0)


class Far:
    """Where packets arrive, and when."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, open_for: int) -> None:
        self.loop, self.open_for = loop, open_for
        self.arrived: list[tuple[bytes, float]] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.arrived.append((data, self.loop.time()))

    async def drain(self) -> None:
        if len(self.arrived) > self.open_for:
            raise ConnectionResetError

    def close(self) -> None:
        self.closed = True


def passed_on(*packets: bytes, open_for: int = 9, ends: bool = True) -> Far:
    """Send packets one after another, a second apart, by a clock that nobody waits
    for.
    """
    selector = Instantly()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.slept  # type: ignore[method-assign]

    async def main() -> Far:
        near, far = asyncio.StreamReader(), Far(loop, open_for=open_for)
        passing = asyncio.ensure_future(pass_on(near, far, SECONDS))  # type: ignore[arg-type]
        for packet in packets:
            near.feed_data(packet)
            await asyncio.sleep(1)
        if ends:
            near.feed_eof()
        await passing
        return far

    def run() -> Far:
        try:
            return loop.run_until_complete(main())
        finally:
            loop.close()

    # In a thread of its own: Playwright leaves a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(run).result()


def test_headers_and_a_body_that_come_apart_are_late_once() -> None:
    far = passed_on(b"headers", b"body")

    assert [data for data, _ in far.arrived] == [b"headers", b"body"]
    assert [at for _, at in far.arrived] == pytest.approx([SECONDS, SECONDS + 1])
    assert far.closed


def test_who_no_longer_listens_ends_it_though_the_sender_would_go_on() -> None:
    far = passed_on(b"one", b"two", open_for=0, ends=False)

    assert [data for data, _ in far.arrived] == [b"one"]
    assert far.closed


def test_it_is_tried_where_another_loop_runs_too() -> None:
    async def within_another() -> Far:
        return passed_on(b"packet")

    with ThreadPoolExecutor(1) as thread:
        far = thread.submit(asyncio.run, within_another()).result()

    assert [data for data, _ in far.arrived] == [b"packet"]


def test_it_ends_where_nobody_hears_that_it_is_asked_to() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

    with delayed("http://127.0.0.1:9", 0.1):
        pass

    assert multiprocessing.active_children() == []


def test_it_lists_what_was_asked(tmp_path: Path) -> None:
    asked = tmp_path / "asked.log"
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        with delayed(endpoint, 0.01, log=asked) as late:
            port = int(late.rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"POST /\r\n\r\nAction=CreateRole&RoleName=Action")
                wait_until(asked.exists, what="Nothing was listed")

    assert asked.read_text() == "CreateRole\n"
