"""The client over HTTP: how it signs in, and what it endures."""

from __future__ import annotations

import itertools
import json
import logging
import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from onboarding.delivery import gate as module
from onboarding.delivery.addresses import Allowed
from onboarding.delivery.gate import Caller, Gate
from onboarding.delivery.transport import (
    Answer,
    Kind,
    Limits,
    Request,
    SignIn,
    by_password,
    by_token,
    sender,
)
from tests.onboarding.delivery.accounts import aws_entry, wanted
from tests.onboarding.delivery.reaching import HERE, gate_at, refused
from tests.onboarding.delivery.strict_gate import Served, StrictGate, served

TOKEN = "spk_0123456789"


def test_an_api_token_signs_in_by_a_header_of_its_own():
    with served(Served(StrictGate(), token=TOKEN)) as gate:
        caller = gate_at(gate.url, by_token(TOKEN)).caller()

    assert caller == Caller("bowline", ("robots",), is_admin=True)
    assert "authorization" not in gate.heads[0]


def test_a_bad_token_is_401_and_is_never_shown(caplog):
    caplog.set_level(logging.DEBUG)
    with served(Served(StrictGate(), token=TOKEN)) as gate:
        sign_in = by_token("spk_other")
        error = refused(gate_at(gate.url, sign_in).caller)

    assert error.kind is Kind.SIGN_IN
    shown = "".join(traceback.format_exception(error)) + repr(sign_in) + caplog.text
    assert "spk_other" not in shown


def test_basic_signs_in_with_each_request():
    with served(Served(StrictGate(), basic="ann:pass:wörd")) as gate:
        client = gate_at(gate.url, by_password("ann", "pass:wörd"))
        client.caller()
        client.loaded()

    assert all("authorization" in head for head in gate.heads)
    assert "wörd" not in repr(by_password("ann", "pass:wörd"))


def test_a_bad_password_is_a_302_that_is_not_followed():
    with served(Served(StrictGate(), basic="ann:right")) as gate:
        error = refused(gate_at(gate.url, by_password("ann", "wrong")).caller)

    assert (error.kind, error.status) == (Kind.SIGN_IN, 302)
    assert len(gate.heads) == 1


def test_without_a_sign_in_nothing_is_sent_of_one():
    with served(Served(StrictGate())) as gate:
        gate_at(gate.url).caller()

    assert not {"authorization", "x-spinnaker-token", "cookie"} & {*gate.heads[0]}


def test_nobody_is_an_empty_body():
    gate = Served(StrictGate(), answers=[Answer(200)])
    with served(gate):
        assert gate_at(gate.url).caller() is None


def test_a_page_of_html_means_that_the_sign_in_failed():
    page = Answer(200, "text/html", b"<!doctype html><title>Sign in</title>")
    gate = Served(StrictGate(), answers=[page])
    with served(gate):
        error = refused(gate_at(gate.url).loaded)

    assert error.kind is Kind.SIGN_IN


def test_gate_may_be_behind_a_path():
    (body,) = wanted(aws_entry())
    with served(Served(StrictGate(), prefix="/api/v1")) as gate:
        client = gate_at(gate.url + "/")
        client.save(body)
        stored = client.stored_account("aws", "prod")

    assert stored
    assert stored.fields == body.fields


@pytest.mark.parametrize(
    "url",
    [
        "gate.example.com",
        "ftp://gate.example.com",
        "https://",
        "https://ann:secret@gate.example.com",
        "https://gate.example.com?token=secret",
        "https://gate.example.com#x",
        "http://gate.example.com",
    ],
)
def test_other_base_urls_are_refused(url):
    with pytest.raises(ValueError, match="Gate") as caught:
        sender(url, SignIn(), allowed=Allowed())

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("token", ["", "spk\r\nX-Spinnaker-User: admin", "spk_é"])
def test_what_is_no_token_is_refused_without_showing_it(token):
    with pytest.raises(ValueError, match="token") as caught:
        by_token(token)

    assert "X-Spinnaker" not in str(caught.value)


def test_an_answer_that_is_too_large_is_not_read():
    large = Answer(200, "application/json", b'["' + b"x" * 300_000 + b'"]')
    gate = Served(StrictGate(), answers=[large])
    with served(gate):
        client = gate_at(gate.url, limits=Limits(size=100_000))
        error = refused(client.loaded)

    assert error.kind is Kind.UNREADABLE
    assert "large" in str(error)


@contextmanager
def dripping(seconds: float, head: bytes, drop: bytes = b" ") -> Iterator[str]:
    """Serve an answer of which a drop comes now and then, without an end."""
    stop = threading.Event()

    def drip(listener: socket.socket) -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                connection.sendall(head)
                try:
                    while not stop.wait(seconds):
                        connection.sendall(drop)
                except OSError:
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            stop.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


OK = b"HTTP/1.1 200 OK\r\n"
ENDLESS = {
    "a body": (OK + b"Content-Length: 1000000\r\n\r\n", b" "),
    "a head": (OK + b"X-Long: ", b"x"),
    "promises of an answer": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "an extension of a chunk": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n1;x=",
        b"x",
    ),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_an_answer_without_an_end_is_given_up_and_not_asked_for_again(what):
    head, drop = ENDLESS[what]
    with dripping(0.02, head, drop) as url:
        send = sender(url, SignIn(), allowed=HERE, limits=Limits(whole=0.2))
        waited: list[float] = []
        error = refused(Gate(send, waited.append).loaded)

    assert error.kind is Kind.TOO_SLOW
    assert "127.0.0.1 didn't answer within 0.2 seconds" in str(error)
    assert waited == []


def test_a_list_without_an_end_is_given_up(monkeypatch):
    pages = itertools.count()

    def send(request: Request) -> Answer:
        rows = [{"name": f"a{next(pages)}", "type": "aws"}]
        return Answer(200, "application/json", json.dumps(rows).encode())

    monkeypatch.setattr(module, "MOST_PAGES", 5)

    error = refused(lambda: Gate(send, lambda _: None).stored("aws"))

    assert error.kind is Kind.UNREADABLE
    assert next(pages) == 6


@pytest.mark.parametrize("bound", ["MOST_ACCOUNTS", "MOST_BYTES"])
def test_a_long_list_is_given_up(monkeypatch, bound: str):
    rows = [{"name": f"a{n}", "type": "aws"} for n in range(10)]
    answer = Answer(200, "application/json", json.dumps(rows).encode())
    monkeypatch.setattr(module, bound, 9)

    error = refused(lambda: Gate(lambda _: answer, lambda _: None).stored("aws"))

    assert error.kind is Kind.UNREADABLE


def test_silence_is_given_up():
    with dripping(60, b"") as url:
        error = refused(gate_at(url, limits=Limits(read=0.05)).loaded)

    assert error.retryable


def test_a_closed_port_is_tried_again_and_then_said():
    waited: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    send = sender(url, SignIn(), allowed=HERE)

    error = refused(Gate(send, waited.append).caller)

    assert error.kind is Kind.UNREACHABLE
    assert len(waited) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[1]",
        b'{"name": 1}',
        b'[{"name": 1}]',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_what_gate_never_answers_is_refused(body):
    gate = Served(StrictGate(), answers=[Answer(200, "application/json", body)])
    with served(gate):
        error = refused(gate_at(gate.url).loaded)

    assert error.kind is Kind.UNREADABLE


def test_half_a_surrogate_pair_is_compared_like_any_text():
    row = b'[{"name": "a", "type": "kubernetes", "kubeconfigContents": "\\ud800"}]'
    gate = Gate(lambda _: Answer(200, "application/json", row), lambda _: None)

    (found,) = gate.stored("kubernetes")

    assert found.fields["kubeconfigContents"]


def test_a_path_that_does_not_exist_is_no_empty_list():
    with served(Served(StrictGate(), prefix="/api/v1")) as gate:
        error = refused(gate_at(gate.url.removesuffix("/api/v1")).loaded)

    assert error.kind is Kind.UNREADABLE
