"""The client over HTTP: where it connects to, how it verifies whom and signs in, what
it endures, and what a test of it shows.
"""

from __future__ import annotations

import itertools
import json
import logging
import shutil
import socket
import ssl
import subprocess
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml

from onboarding.delivery import gate as module
from onboarding.delivery.addresses import (
    Allowed,
    CheckedHTTP,
    ForbiddenAddress,
    Watchdog,
    watch,
)
from onboarding.delivery.connection import NO_ONE, NOT_ADMIN, report
from onboarding.delivery.gate import Caller, Gate
from onboarding.delivery.releases import ECS_WARNING, Release
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
from tests.bundles import clouddriver_once
from tests.factories import topology
from tests.onboarding.delivery.accounts import aws_entry, everything, wanted
from tests.onboarding.delivery.reaching import HERE, gate_at, refused, resolving
from tests.onboarding.delivery.strict_gate import Served, StrictGate, error, ok, served

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


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.1.2.3", "0.0.0.0", "169.254.169.254", "169.254.170.2"),
        *("100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1"),
        *("255.255.255.255", "fd20:ce::254"),
        *("::1", "::", "fe80::1", "fd00:ec2::254", "fd00:ec2::23", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"),
        *("2002:7f00:0001::", "::127.0.0.1", "0.1.2.3"),
        *("64:ff9b:1::7f00:1", "64:ff9b:1:2::a9fe:a9fe", "::ffff:0:127.0.0.1"),
    ],
)
def test_this_machine_its_link_and_metadata_are_no_addresses_of_gate(
    address, monkeypatch
):
    monkeypatch.setattr(socket, "getaddrinfo", resolving(address))
    client = Gate(
        sender("https://gate.example.com", SignIn(), allowed=Allowed()),
        lambda _: None,
    )

    assert refused(client.caller).kind is Kind.FORBIDDEN_ADDRESS


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.0.1", "fd12::1", "8.8.8.8"])
def test_private_networks_are_allowed_since_gate_is_usually_there(address, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", resolving(address))

    assert Allowed().addresses("gate.example.com", 443) == (address,)


PUBLIC = ("8.8.8.8", "192.0.1.1", "192.88.98.1", "2606:4700::1", "2002:808:808::")

NOT_PUBLIC = (
    *("10.1.2.3", "100.64.0.1", "192.0.0.8", "192.88.99.1", "fd12::1", "fec0::1"),
    *("64:ff9b:1::808:808", "64:ff9b::a01:203", "::ffff:0:8.8.8.8", "::ffff:10.1.2.3"),
    *("3fff::1", "3fff:fff:ffff::1", "5f00::1", "2001:db8::1", "127.0.0.1"),
)


def test_public_only_is_what_the_whole_internet_reaches():
    allowed = Allowed(public_only=True)

    assert [one for one in PUBLIC if not allowed.allows(ip_address(one))] == []
    assert [one for one in NOT_PUBLIC if allowed.allows(ip_address(one))] == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "localhost"])
def test_other_spellings_of_loopback_are_refused(host):
    with pytest.raises(ForbiddenAddress):
        Allowed().addresses(host, 443)


def test_one_forbidden_address_among_many_is_enough(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", resolving("8.8.8.8", "127.0.0.1"))

    with pytest.raises(ForbiddenAddress):
        Allowed().addresses("gate.example.com", 443)


def test_the_operator_may_allow_networks_and_name_the_only_hosts(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", resolving("169.254.1.1"))
    allowed = Allowed(hosts=("Gate.example.com",), networks=("169.254.1.0/24",))

    assert allowed.addresses("gate.example.com", 443) == ("169.254.1.1",)
    with pytest.raises(ValueError, match="allowed host"):
        sender("https://other.example.com", SignIn(), allowed=allowed)


def test_it_connects_to_the_very_address_that_was_checked(monkeypatch):
    """A name that resolves otherwise the second time leads nowhere else."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: str, port: int, *args: Any, **fields: Any) -> Any:
        if host == "gate.test":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return real(host, port, *args, **fields)

    with served(Served(StrictGate())) as gate:
        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        port = gate.url.rpartition(":")[2]
        caller = gate_at(f"http://gate.test:{port}").caller()

    assert caller
    assert asked == ["gate.test"]
    assert gate.heads[0]["host"] == f"gate.test:{port}"


def test_environment_proxies_are_not_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with served(Served(StrictGate())) as gate:
        assert gate_at(gate.url).caller()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an authority's certificate that serves gate.test and signs in, too."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is missing")
    folder = tmp_path_factory.mktemp("certificates")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"),
            *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=robot"),
            *("-addext", "subjectAltName=DNS:gate.test"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    return folder


@contextmanager
def tls_server(folder: Path, *, wants_client: bool) -> Iterator[int]:
    """Serve one answer by TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    if wants_client:
        context.load_verify_locations(folder / "cert.pem")
        context.verify_mode = ssl.CERT_REQUIRED

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with plain:
                try:
                    with context.wrap_socket(plain, server_side=True) as connection:
                        connection.recv(65_536)
                        head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
                        connection.sendall(head.encode() + b"[]")
                except OSError:
                    continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("host", ["gate.test", "other.test"])
def test_a_client_certificate_signs_in_and_the_servers_name_is_verified(
    host, certificates, monkeypatch
):
    monkeypatch.setattr(socket, "getaddrinfo", resolving("127.0.0.1"))
    sign_in = SignIn(
        certificate=str(certificates / "cert.pem"), key=str(certificates / "key.pem")
    )
    authorities = str(certificates / "cert.pem")
    with tls_server(certificates, wants_client=True) as port:
        url = f"https://{host}:{port}"
        send = sender(url, sign_in, allowed=HERE, authorities=authorities)
        if host == "gate.test":
            assert send(Request("GET", "/credentials")).body == b"[]"
        else:
            assert refused(lambda: send(Request("GET", "/x"))).retryable
        plain = sender(url, SignIn(), allowed=HERE, authorities=authorities)
        assert refused(lambda: plain(Request("GET", "/x"))).kind is Kind.UNREACHABLE


def test_an_unknown_authority_is_refused(certificates, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", resolving("127.0.0.1"))
    with tls_server(certificates, wants_client=False) as port:
        send = sender(f"https://gate.test:{port}", SignIn(), allowed=HERE)

        assert refused(lambda: send(Request("GET", "/x"))).kind is Kind.UNREACHABLE


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


NEW = Release(2026, 3)


def test_it_says_who_bowline_is_and_counts_what_is_there():
    strict = StrictGate(files={"old": dict(everything()[0].document, name="old")})
    strict.stored = {body.name: dict(body.document) for body in everything()}
    strict.restart()

    found = report(strict.gate, NEW)

    assert found.caller == Caller("bowline", ("robots",), is_admin=True)
    assert (found.stored, found.loaded) == (3, 4)
    assert (found.error, found.warnings) == (None, ())
    assert strict.writes == []


def test_an_account_manager_is_warned_of():
    assert report(StrictGate(admin=False).gate, NEW).warnings == (NOT_ADMIN,)


def test_nobody_is_warned_of():
    assert report(StrictGate(failing=[ok(None)]).gate, NEW).warnings == (NO_ONE,)


def test_a_sign_in_that_failed_is_the_error():
    found = report(StrictGate(failing=[error(401)]).gate, NEW)

    assert found.caller is None
    assert found.error
    assert found.error.kind is Kind.SIGN_IN


def test_a_missing_right_is_the_error_of_a_known_caller():
    found = report(StrictGate(fiat_down=True).gate, NEW)

    assert found.caller
    assert found.error
    assert found.error.kind is Kind.DENIED


def test_an_old_release_is_asked_for_nothing_that_it_does_not_load():
    strict = StrictGate()

    found = report(strict.gate, Release(2025, 1))

    assert not any("/type/aws" in path for _, path, _ in strict.requests)
    assert len(found.warnings) == 2
    assert ECS_WARNING in report(strict.gate, Release(2026, 2)).warnings


def test_the_operators_file_switches_everything_on_and_hides_no_list():
    known = yaml.safe_load(clouddriver_once(topology(), period=20))

    assert known["sql"] == {"enabled": True}
    assert known["account"]["storage"] == {
        "enabled": True,
        "aws": {"enabled": True},
        "ecs": {"enabled": True},
        "kubernetes": {"enabled": True},
    }
    assert known["credentials"]["poller"] == {
        "enabled": True,
        "types": {"default": {"reloadFrequencyMs": 20_000}},
    }
    assert known["aws"]["defaultAssumeRole"] == "role/spinnakerManaged"
    assert known["aws"]["features"]["lambda"] == {"enabled": True}
    assert not any("accounts" in known[name] for name in ("aws", "ecs", "kubernetes"))


def test_the_default_role_is_a_whole_arn_in_other_partitions():
    known = yaml.safe_load(clouddriver_once(topology(partition="aws-cn")))

    role = "arn:aws-cn:iam::{{accountId}}:role/spinnakerManaged"
    assert known["aws"]["defaultAssumeRole"] == role


def test_default_regions_are_set_where_the_usual_ones_are_of_another_partition():
    china = yaml.safe_load(clouddriver_once(topology(partition="aws-cn")))

    assert china["aws"]["defaultRegions"] == [{"name": "cn-north-1"}]
    assert "defaultRegions" not in yaml.safe_load(clouddriver_once(topology()))["aws"]
