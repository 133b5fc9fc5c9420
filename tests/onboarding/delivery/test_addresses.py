"""Where the client connects to: neither this machine nor metadata, unless allowed."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

import pytest

from onboarding.delivery.addresses import Allowed, ForbiddenAddress
from onboarding.delivery.errors import Kind
from onboarding.delivery.gate import Gate
from onboarding.delivery.transport import (
    Anonymous,
    sender,
)
from tests.onboarding.delivery.reaching import gate_at, refused, resolving
from tests.onboarding.delivery.strict_gate import Served, StrictGate, served


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
        sender("https://gate.example.com", Anonymous(), allowed=Allowed()),
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
        sender("https://other.example.com", Anonymous(), allowed=allowed)


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
