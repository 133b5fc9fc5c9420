"""A message is sent within a bounded time, to nowhere else, and refusals are said."""

from __future__ import annotations

import socket
from http.server import BaseHTTPRequestHandler

import pytest

from accounts.notify.channels.posting import NotDelivered, Place, post
from onboarding.delivery.addresses import Allowed
from tests.accounts.notify.channels.receiving import Receiver, receiving, status
from tests.onboarding.delivery.reaching import resolving

HERE = Allowed(networks=("127.0.0.0/8",), plain_http=True)


def place_at(receiver: Receiver) -> Place:
    port = int(receiver.url.rpartition(":")[2].partition("/")[0])
    return Place("127.0.0.1", port, "/bowline", is_https=False, allowed=HERE)


def refused(place: Place, whole: float = 15.0) -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        post(place, b"{}", {}, whole=whole)
    return caught.value


@pytest.mark.parametrize("code", [200, 202, 204])
def test_it_is_sent_as_json(code) -> None:
    with receiving(status(code)) as receiver:
        post(place_at(receiver), b'{"a": 1}', {"webhook-id": "7"})

    assert receiver.bodies == [b'{"a": 1}']
    (headers,) = receiver.headers
    assert headers["Content-Type"] == "application/json"
    assert headers["webhook-id"] == "7"


def test_a_redirect_is_not_followed() -> None:
    with (
        receiving() as elsewhere,
        receiving(status(307, Location=elsewhere.url)) as receiver,
    ):
        error = refused(place_at(receiver))

    assert "redirect (307)" in str(error)
    assert error.permanent
    assert elsewhere.bodies == []


@pytest.mark.parametrize(
    ("code", "permanent"),
    [(400, True), (403, True), (410, True), (404, False), (429, False), (503, False)],
)
def test_what_is_worth_trying_again_is_tried_again(code, permanent) -> None:
    with receiving(status(code)) as receiver:
        error = refused(place_at(receiver))

    assert error.permanent is permanent
    assert f"answered {code}" in str(error)


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Answer with a head that never ends."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    endless(handler)


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.settimeout(0.01)
    while True:
        try:
            handler.wfile.write(b"x")
            if handler.connection.recv(1) == b"":
                return
        except TimeoutError:
            continue
        except OSError:
            return


@pytest.mark.parametrize("answer", [drip, endless])
def test_an_answer_that_does_not_end_is_hung_up_on(answer) -> None:
    with receiving(answer) as receiver:
        error = refused(place_at(receiver), whole=0.2)

    assert "didn't answer within 0.2 seconds" in str(error)
    assert not error.permanent


def test_an_endless_body_is_not_read() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        endless(handler)

    with receiving(answer) as receiver:
        post(place_at(receiver), b"{}", {})

    assert len(receiver.bodies) == 1


def test_who_says_no_status_is_named_by_the_kind_of_failure() -> None:
    def garbage(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"secret of others\r\n\r\n")

    with receiving(garbage) as receiver:
        error = refused(place_at(receiver))

    assert str(error) == "127.0.0.1 could not be reached (BadStatusLine)."


def test_nobody_listening_is_worth_trying_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = Place("127.0.0.1", taken.getsockname()[1], "/", False, HERE)
        error = refused(place)

    assert "could not be reached" in str(error)
    assert not error.permanent


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::ffff:127.0.0.1"]
)
def test_a_name_that_leads_to_no_public_address_is_refused(
    address, monkeypatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving(address))
    allowed = Allowed(public_only=True)

    error = refused(Place("hooks.example.com", 443, "/", True, allowed))

    assert "resolves to an address that Bowline doesn't connect to" in str(error)
    assert error.permanent


def test_a_name_that_nobody_knows_is_worth_trying_again(monkeypatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = refused(Place("hooks.example.com", 443, "/", True, Allowed()))

    assert not error.permanent
