"""Where Bowline may connect to: checked addresses, and connections to exactly those.

A name is resolved once, all its addresses are checked, and the connection goes to a
checked one. The host name stays what TLS verifies. A watchdog limits how long a whole
answer takes.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from threading import Timer
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

METADATA = tuple(
    ip_network(text)
    for text in (
        "100.100.100.200/32",  # Alibaba Cloud
        "168.63.129.16/32",  # Azure
        "192.0.0.192/32",  # Oracle Cloud
        "fd00:ec2::/32",  # EC2, and the credentials of EKS pods
        "fd20:ce::254/128",  # Google Cloud
    )
)
"""Where clouds answer with credentials, other than by link-local addresses."""
LAST_FOUR = tuple(
    ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96")
)
"""Translated to the IPv4 address in the last four bytes: NAT64 and SIIT."""
NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "64:ff9b:1::/48",  # translated within somebody's own network
        "::ffff:0:0:0/96",
        "fec0::/10",  # what fc00::/7 was before
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "192.0.0.0/24",  # protocols; 192.0.0.8 is nobody's
        "192.88.99.0/24",  # relays to IPv6
    )
)
"""What Python takes, or took in some release, for a public address."""


class ForbiddenAddress(Exception):
    """The host, or an address of it, is none that Bowline may connect to."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the operator allows: by default, neither loopback nor link-local."""

    hosts: tuple[str, ...] = ()
    """The only hosts that may be called; empty: any."""
    networks: tuple[str, ...] = ()
    """Networks that may be called although they are loopback or the like."""
    plain_http: bool = False
    public_only: bool = False
    """Whether private networks are forbidden, too: people name the hosts."""

    def check_host(self, host: str) -> None:
        known = {name.lower() for name in self.hosts}
        if known and host.lower() not in known:
            raise ForbiddenAddress(f"{host} isn't an allowed host.")

    def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Resolve the host; raise ForbiddenAddress if any address is forbidden."""
        self.check_host(host)
        found = socket.getaddrinfo(
            host.strip("[]"), port, socket.AF_UNSPEC, socket.SOCK_STREAM
        )
        addresses = tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
        for text in addresses:
            if not self.allows(ip_address(text)):
                raise ForbiddenAddress(f"{host} has the address {text}.")
        return addresses

    def allows(self, address: Address) -> bool:
        reached = (address, *within(address))
        networks = [ip_network(text) for text in self.networks]
        if any(one in network for one in reached for network in networks):
            return True
        if self.public_only and not all(is_public(one) for one in reached):
            return False
        return not any(is_special(one) for one in reached)


def within(address: Address) -> Iterator[Address]:
    """Yield the IPv4 addresses to which an IPv6 address may lead."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            yield address.ipv4_mapped
        if address.sixtofour:
            yield address.sixtofour
        if address.teredo:
            yield from address.teredo
        translated = any(address in network for network in LAST_FOUR)
        if translated or int(address) >> 32 == 0:
            yield IPv4Address(int(address) & 0xFFFFFFFF)


def is_public(address: Address) -> bool:
    return address.is_global and not any(address in one for one in NOT_PUBLIC)


def is_special(address: Address) -> bool:
    """Return whether it is this machine, its link, a cloud's metadata or nobody."""
    return (
        address.is_loopback
        or address.is_link_local
        or address.is_unspecified
        or address.is_multicast
        or (isinstance(address, IPv4Address) and address.packed[0] == 0)
        or (isinstance(address, IPv4Address) and address.is_reserved)
        or any(address in network for network in METADATA)
    )


class Watchdog:
    """Hangs up, after these seconds, on the connection that is used in its block.

    A socket's timeout starts again with each byte. A head or a body that drips, and one
    “100 Continue” after the other, never meet it.
    """

    def __init__(self, seconds: float) -> None:
        self.over = False
        """Its time is over: what was read may be cut off, and reads like a whole."""
        self.connection: HTTPConnection | None = None
        self.timer = Timer(seconds, self.bite)
        self.timer.daemon = True

    def __enter__(self) -> Watchdog:
        self.token = CURRENT.set(self)
        self.timer.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.timer.cancel()
        CURRENT.reset(self.token)

    def bite(self) -> None:
        self.over = True
        connection = self.connection
        if connection is not None and isinstance(connection.sock, socket.socket):
            try:
                # Not the method of a TLS socket, which would read on without TLS.
                socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
            except OSError:
                return  # it has ended by itself


CURRENT: ContextVar[Watchdog | None] = ContextVar("watchdog", default=None)


def watch(connection: HTTPConnection) -> None:
    """Show the connection to the watchdog of this request, if it has one. Raise
    TimeoutError where its time is over.
    """
    watchdog = CURRENT.get()
    if watchdog is None:
        return
    watchdog.connection = connection
    if watchdog.over:
        raise TimeoutError


def connected(connection: HTTPConnection, allowed: Allowed) -> socket.socket:
    """Connect to the first checked address that answers."""
    host = connection.host
    watch(connection)
    try:
        addresses = allowed.addresses(host, connection.port)
    except (socket.gaierror, UnicodeError) as error:
        raise NameResolutionError(host, connection, socket.gaierror(error)) from error
    for address in addresses:
        try:
            return create_connection(
                (address, connection.port),
                connection.timeout,
                socket_options=connection.socket_options,
            )
        except OSError as error:
            failed = error
    raise NewConnectionError(connection, "Connection failed.") from failed


class CheckedHTTP(HTTPConnection):
    """A connection that goes to checked addresses only."""

    def __init__(self, *args: Any, allowed: Allowed, **fields: Any) -> None:
        super().__init__(*args, **fields)
        self.allowed = allowed

    def _new_conn(self) -> socket.socket:
        return connected(self, self.allowed)

    def request(self, *args: Any, **fields: Any) -> None:
        watch(self)
        super().request(*args, **fields)


class CheckedHTTPS(CheckedHTTP, HTTPSConnection):
    """The same with TLS, which verifies the host's name."""


class CheckedHTTPPool(HTTPConnectionPool):
    ConnectionCls = CheckedHTTP


class CheckedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = CheckedHTTPS
