"""A rehearsed month notices what it should: what grows, and what a site refuses."""

from __future__ import annotations

import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from subprocess import Popen
from threading import Thread
from typing import Any, ClassVar

import pytest

from script.agreement import some
from script.people import Refused, sent
from script.usage import Sample, Usage, growth_of, usage


def held(*values: float, start: int = 1, begins: float = 0) -> list[Sample]:
    return [
        Sample(begins + 60.0 * minute, start, value)
        for minute, value in enumerate(values)
    ]


def test_memory_that_grows_has_a_slope() -> None:
    check = growth_of(held(*(100.0 + minute for minute in range(60))), "web", "MB")

    assert check is not None
    assert check.found == "102.0 MB, +60.0 an hour, in 57 minutes"
    assert check.wrong == "it grows"


def test_only_the_last_start_of_a_server_counts_once_it_is_warm() -> None:
    restarted = held(*[500.0] * 20)
    again = held(900.0, 900.0, *[100.0] * 20, start=2, begins=1200.0)

    check = growth_of(restarted + again, "web", "MB")

    assert check is not None
    assert check.found.startswith("100.0 MB, +0.0 an hour")
    assert check.wrong == ""
    assert growth_of(held(1.0, 1.0), "web", "MB") is None


@pytest.mark.parametrize(
    ("first", "per_hour", "minutes", "grows"),
    [
        (100.0, 12.0, 34, True),
        (100.0, 9.0, 34, False),
        (100.0, 12.0, 31, False),
        (2.0, 0.6, 34, True),
        (2.0, 0.4, 34, False),
    ],
)
def test_memory_leaks_from_a_tenth_or_half_a_megabyte_an_hour(
    first: float, per_hour: float, minutes: int, grows: bool
) -> None:
    values = [first + per_hour * minute / 60 for minute in range(minutes)]

    check = growth_of(held(*values), "web", "MB")

    assert check is not None
    assert bool(check.wrong) is grows


def test_a_few_open_files_may_come_and_go() -> None:
    few = growth_of(held(*(10 + minute / 10 for minute in range(60))), "files", "")
    many = growth_of(held(*(10 + minute for minute in range(60))), "files", "")

    assert few is not None
    assert many is not None
    assert (few.wrong, many.wrong) == ("", "it grows")


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
