"""The address that a request comes from. Only trusted proxies are believed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
FORWARDED = "HTTP_X_FORWARDED_FOR"
log = logging.getLogger(__name__)


def address_of(text: str) -> Address | None:
    """Read an address; an IPv4 address that is written as IPv6 is the IPv4 one."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def client_address(peer: str, forwarded: str, trusted: Iterable[Network]) -> str:
    """Walk X-Forwarded-For from its end, for as long as a trusted proxy wrote it.

    Each proxy appends the address that called it. What comes before the first address
    that is not trusted was written by the client, so it is never read.
    """
    networks = tuple(trusted)
    address = address_of(peer)
    if address is None:
        return peer
    for part in reversed(forwarded.split(",")):
        if not any(address in network for network in networks):
            break
        before = address_of(part)
        if before is None:
            break
        address = before
    return str(address)


class ClientAddress:
    """Middleware: put the client's address into REMOTE_ADDR, drop X-Forwarded-For.

    Without the header nothing further in can take a stranger's word for an address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.warned = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        peer = request.META.get("REMOTE_ADDR", "")
        forwarded = request.META.pop(FORWARDED, "")
        if forwarded and not settings.TRUSTED_PROXIES and not self.warned:
            self.warned = True
            log.warning(
                "A request from %s has X-Forwarded-For, which is ignored. If a proxy "
                "sent it, name the proxy in TRUSTED_PROXIES: until then all requests "
                "share one address, and one limit for wrong passwords.",
                peer,
            )
        request.META["REMOTE_ADDR"] = client_address(
            peer, forwarded, settings.TRUSTED_PROXIES
        )
        return self.get_response(request)
