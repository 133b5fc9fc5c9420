"""Where the client connects to, how it verifies whom, and what a test of it shows."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml

from onboarding.delivery.addresses import (
    Allowed,
    CheckedHTTP,
    ForbiddenAddress,
    Watchdog,
    watch,
)
from onboarding.delivery.connection import NO_ONE, NOT_ADMIN, report
from onboarding.delivery.gate import Caller, Gate
from onboarding.delivery.releases import ECS_WARNING, Release, switches
from onboarding.delivery.transport import (
    Kind,
    Request,
    SignIn,
    sender,
)
from tests.factories import managing
from tests.onboarding.delivery.accounts import everything
from tests.onboarding.delivery.reaching import HERE, gate_at, refused, resolving
from tests.onboarding.delivery.strict_gate import Served, StrictGate, error, ok, served


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
    known = yaml.safe_load(switches(managing(), period=20))

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
    assert known["aws"]["features"] == {"lambda": {"enabled": True}}
    assert not any("accounts" in known[name] for name in ("aws", "ecs", "kubernetes"))


def test_the_default_role_is_a_whole_arn_in_other_partitions():
    known = yaml.safe_load(switches(managing(partition="aws-cn")))

    role = "arn:aws-cn:iam::{{accountId}}:role/spinnakerManaged"
    assert known["aws"]["defaultAssumeRole"] == role


def test_default_regions_are_set_where_the_usual_ones_are_of_another_partition():
    china = yaml.safe_load(switches(managing(partition="aws-cn")))

    assert china["aws"]["defaultRegions"] == [{"name": "cn-north-1"}]
    assert "defaultRegions" not in yaml.safe_load(switches(managing()))["aws"]
