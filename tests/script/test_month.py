"""A rehearsed month notices what it should: what grows, and what a site refuses."""

from __future__ import annotations

import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from subprocess import Popen
from threading import Thread
from typing import Any, ClassVar

import pytest

from script.bench_month import memory_check, some
from script.emulated_site import Usage, usage
from script.people import Refused, sent


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [(100, 119, ""), (100, 121, "it grows"), (10, 16, ""), (10, 17, "it grows")],
)
def test_memory_that_grows_is_found(before: float, after: float, wrong: str) -> None:
    check = memory_check("web", before, after)

    assert check.wrong == wrong
    assert check.found == f"{before} MB, and {after} MB half a month later"


def test_what_a_group_of_processes_uses_is_added_up() -> None:
    code = "sum(range(10**6)); print(flush=True); input()"
    with Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        used = usage(process.pid)
        process.communicate(b"\n")

    assert min(used) > 0
    assert used.memory < 1000
    assert usage(process.pid) == Usage()


def test_what_is_wrong_is_named_and_counted() -> None:
    assert some([]) == ""
    assert some(range(7)) == "7: 0, 1, 2, 3, 4"


class Away(BaseHTTPRequestHandler):
    """Breaks the first request off, has no place for the second, and then answers."""

    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.asked.append(self.headers["Idempotency-Key"])
        if len(self.asked) > 1:
            self.send_response(503 if len(self.asked) == 2 else 409)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        pass


def test_a_site_that_is_away_is_asked_again_by_the_same_key() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Away) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        try:
            url = f"http://127.0.0.1:{server.server_address[1]}"
            with pytest.raises(Refused, match="409 None"):
                sent("POST", url, {"Idempotency-Key": "one"}, {"some": "body"})
        finally:
            server.shutdown()

    assert Away.asked == ["one"] * 3


def test_what_the_site_refuses_is_said() -> None:
    assert str(Refused(409, b'{"code": "a", "detail": "b"}')) == "409 a: b"
    assert str(Refused(502, b"<html>")) == "502 None: <html>"
