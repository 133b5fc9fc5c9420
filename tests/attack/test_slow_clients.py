"""Tried: keep the site busy with eight bodies that never end and ten half headers, or
with one sign-in after the other, and through the proxy with a made-up address, plain
HTTP, and a body that is far too large.

Refused: nginx, with the shipped configuration, passes on complete requests only, and
few of one address to the sign-in, so pages and /healthz still answer, and
/healthz says so where none is served; it passes the client's address to Bowline.
"""

from __future__ import annotations

import re
import socket
from contextlib import ExitStack, closing
from http.client import HTTPConnection

import pytest

from bowline.places import BUSY
from script.servers import LOOPBACK, wait_until
from tests.attack.behind_nginx import (
    METRICS_TOKEN,
    NAME,
    Front,
)
from tests.attack.behind_nginx import nginx as nginx
from tests.attack.behind_nginx import site_behind_nginx as site_behind_nginx


def test_slow_bodies_and_half_headers_stop_neither_a_page_nor_healthz(
    site_behind_nginx: Front,
) -> None:
    """There are eight threads in all. Without the cookie no body would be read."""
    cookie = site_behind_nginx.ask("/sign-in/")[1]["Set-Cookie"].split(";")[0]
    half = (
        f"POST /sign-in/ HTTP/1.1\r\nHost: {NAME}\r\n"
        f"Referer: https://{NAME}/\r\nCookie: {cookie}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n"
    )
    with ExitStack() as slow:
        for number in range(18):
            client = slow.enter_context(site_behind_nginx.connect())
            body = "\r\nusername=" if number < 8 else ""
            client.sendall(f"{half}{body}".encode())

        healthz = site_behind_nginx.ask("/healthz")
        page = site_behind_nginx.ask("/sign-in/")

    assert (healthz[0], healthz[2].split()[0]) == (200, "ok")
    assert page[0] == 200
    assert "<h1>Sign in</h1>" in page[2]
    assert page[1]["Strict-Transport-Security"]


def test_healthz_says_so_while_every_page_waits_for_a_body(
    site_behind_nginx: Front,
) -> None:
    """They reach gunicorn itself, without nginx. Either process may be asked."""
    cookie = site_behind_nginx.ask("/sign-in/")[1]["Set-Cookie"].split(";")[0]
    host, _, port = site_behind_nginx.upstream.partition(":")
    half = (
        f"POST /sign-in/ HTTP/1.1\r\nHost: {NAME}\r\nX-Forwarded-Proto: https\r\n"
        f"Referer: https://{NAME}/\r\nCookie: {cookie}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n"
        "\r\nusername="
    )
    told = []
    with ExitStack() as slow:
        while [status for status, _ in told[-8:]] != [503] * 8 and len(told) < 200:
            client = slow.enter_context(socket.create_connection((host, int(port))))
            client.sendall(half.encode())
            status, _, body = site_behind_nginx.ask("/healthz")
            told.append((status, body))

    assert told[-1] == (503, BUSY.strip())
    wait_until(
        lambda: site_behind_nginx.ask("/healthz")[0] == 200,
        what="Not every page was served again",
    )


def test_a_made_up_address_is_not_believed_behind_nginx(
    site_behind_nginx: Front,
) -> None:
    page = site_behind_nginx.ask("/sign-in/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page[2])
    cookie = page[1]["Set-Cookie"].split(";")[0]
    assert token
    form = {"csrfmiddlewaretoken": token[1], "username": "ann", "password": "wrong"}

    statuses = [
        site_behind_nginx.ask(
            "/sign-in/",
            form,
            **{"Cookie": cookie, "X-Forwarded-For": f"203.0.113.{number}"},
        )[0]
        for number in range(6)
    ]

    assert statuses == [200] * 4 + [429] * 2


def test_one_address_signs_in_so_often_and_no_more(site_behind_nginx: Front) -> None:
    path, office, home = "/sign-in/single/back/", "127.0.0.3", "127.0.0.4"

    statuses = site_behind_nginx.statuses(office, *[path] * 60, "/sign-in/", "/healthz")

    assert 429 not in statuses[:51]
    assert statuses[-3:] == [429, 429, 200]
    assert site_behind_nginx.statuses(home, "/sign-in/") == [200]


def test_one_address_signs_in_so_often_at_once_and_no_more(
    site_behind_nginx: Front,
) -> None:
    """Fewer requests than it may send one after the other."""
    office, home = "127.0.0.5", "127.0.0.6"
    with ExitStack() as slow:
        for _ in range(16):
            client = slow.enter_context(site_behind_nginx.connect(client=office))
            client.sendall(
                f"POST /sign-in/ HTTP/1.1\r\nHost: {NAME}\r\n"
                "Content-Length: 1000\r\n\r\nusername=".encode()
            )

        statuses = site_behind_nginx.statuses(office, *["/sign-in/"] * 20, "/healthz")
        elsewhere = site_behind_nginx.statuses(home, "/sign-in/")

    assert statuses[-2:] == [429, 200]
    assert elsewhere == [200]


def test_prometheus_reads_metrics_without_tls_and_with_its_token(
    site_behind_nginx: Front,
) -> None:
    found = []
    for token in (METRICS_TOKEN, "another-token-of-somebody"):
        with closing(HTTPConnection(LOOPBACK, site_behind_nginx.http)) as asking:
            headers = {"Host": "bowline", "Authorization": f"Bearer {token}"}
            asking.request("GET", "/metrics", headers=headers)
            answer = asking.getresponse()
            found.append((answer.status, b"bowline_accounts" in answer.read()))

    assert found == [(200, True), (401, False)]


def test_plain_http_is_sent_to_https(site_behind_nginx: Front) -> None:
    with closing(HTTPConnection(LOOPBACK, site_behind_nginx.http)) as asking:
        asking.request("GET", "/accounts/?state=verified", headers={"Host": NAME})
        answer = asking.getresponse()

    assert answer.status == 308
    assert answer.headers["Location"] == f"https://{NAME}/accounts/?state=verified"


@pytest.mark.parametrize(
    ("path", "megabytes"), [("/sign-in/", 4), ("/accounts/adopt/", 40)]
)
def test_a_body_that_is_far_too_large_is_refused_by_its_header(
    path: str, megabytes: int, site_behind_nginx: Front
) -> None:
    with site_behind_nginx.connect() as client:
        client.sendall(
            f"POST {path} HTTP/1.1\r\nHost: {NAME}\r\n"
            f"Content-Length: {megabytes * 1024 * 1024}\r\n\r\n".encode()
        )
        answer = client.recv(100).decode()

    assert answer.startswith("HTTP/1.1 413 ")
